// Files of a page: `opfs:/dir/file` in the origin private file system, `idb:/dir/file` in IndexedDB. Loaded when such a path is
// first used, and imports nothing of the library, so that pages that keep nothing carry nothing of it.
import { createStore, del, get, getMany, keys, setMany, type UseStore } from 'idb-keyval';

/** What the platform does with paths, for these. */
export interface FileStore {
  /** null: there is no such file. */
  read(path: string): Promise<Uint8Array | null>;
  /** The file has its old contents or all of the new. Folders above it are made. `keep` files in all, the older as path.1, path.2 */
  write(path: string, bytes: Uint8Array, keep: number): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names in a folder; null: there is none. */
  list(path: string): Promise<readonly string[] | null>;
  makeFolder(path: string): Promise<void>;
}

/** How a failure is told: the library's error. */
export type Refuse = (message: string, code: string, cause?: unknown) => Error;

/** Both stores by their schemes. */
export function openStores(refuse: Refuse): Readonly<Record<'opfs' | 'idb', FileStore>> {
  return { opfs: told('opfs', opfs(refuse), refuse), idb: told('idb', idb(), refuse) };
}

/** The names that lead to a place: 'opfs:/runs/a' is ['runs', 'a']. */
const namesOf = (path: string): string[] =>
  path
    .slice(path.indexOf(':') + 1)
    .split('/')
    .filter((name) => name !== '');

/** The store with every failure explained, and without paths that lead out of it. */
function told(scheme: string, store: FileStore, refuse: Refuse): FileStore {
  const explain = (doing: string, path: string, cause: unknown): Error => {
    const { name, message, code } = (cause ?? {}) as { name?: string; message?: string; code?: unknown };
    if (typeof code === 'string') return cause as Error; // explained already
    const failed = `cannot ${doing} ${path}: `;
    switch (name) {
      case 'QuotaExceededError':
        return refuse(
          `${failed}the browser grants this page no more room; remove files that are not needed, or ask for more with ` +
            'navigator.storage.persist()',
          'ERR_QUOTA',
          cause,
        );
      case 'SecurityError':
      case 'InvalidStateError':
      case 'UnknownError':
      case 'NotAllowedError':
        return refuse(
          `${failed}this browser keeps nothing for this page (${message}); a private window, or settings that block site data, ` +
            'do that',
          'ERR_NO_FILES',
          cause,
        );
      case 'TypeMismatchError':
        return refuse(`${failed}a folder stands where a file should, or the other way round`, 'ERR_FILE', cause);
      default:
        return refuse(`${failed}${message ?? String(cause)}`, 'ERR_FILE', cause);
    }
  };
  const guarded =
    <Args extends unknown[], R>(doing: string, act: (path: string, ...rest: Args) => Promise<R>) =>
    async (path: string, ...rest: Args): Promise<R> => {
      const names = namesOf(path);
      if (names.length === 0 || names.some((name) => name === '.' || name === '..')) {
        throw refuse(`cannot ${doing} ${path}: must be ${scheme}:/folder/file, without "." and ".."`, 'ERR_FILE');
      }
      try {
        return await act(path, ...rest);
      } catch (cause) {
        throw explain(doing, path, cause);
      }
    };
  return {
    read: guarded('read', store.read),
    write: guarded('write', store.write),
    remove: guarded('remove', store.remove),
    list: guarded('list', store.list),
    makeFolder: guarded('make', store.makeFolder),
  };
}

/** What is missing is null, whatever else is wrong is told. */
async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if ((error as Error).name === 'NotFoundError') return null;
    throw error;
  }
}

function opfs(refuse: Refuse): FileStore {
  const root = (): Promise<FileSystemDirectoryHandle> => {
    if (navigator.storage?.getDirectory) return navigator.storage.getDirectory();
    throw refuse(
      'opfs: this page has no origin private file system: it takes a secure context (https or localhost) and a browser of 2023 or ' +
        'later; use idb:/path',
      'ERR_NO_FILES',
    );
  };
  const folderOf = async (names: readonly string[], create: boolean) => {
    let folder = await root();
    for (const name of names) folder = await folder.getDirectoryHandle(name, { create });
    return folder;
  };
  const split = (path: string) => {
    const names = namesOf(path);
    return { folder: names.slice(0, -1), name: names.at(-1) as string };
  };
  const read = (path: string) =>
    orNull(
      (async () => {
        const { folder, name } = split(path);
        const handle = await (await folderOf(folder, false)).getFileHandle(name);
        return new Uint8Array(await (await handle.getFile()).arrayBuffer());
      })(),
    );
  const put = async (path: string, bytes: Uint8Array) => {
    const { folder, name } = split(path);
    const handle = await (await folderOf(folder, true)).getFileHandle(name, { create: true });
    if (!handle.createWritable) {
      throw refuse(
        `cannot write ${path}: this browser cannot write there (createWritable); use idb:/path`,
        'ERR_NO_FILES',
      );
    }
    const file = await handle.createWritable(); // a copy, which takes the file's place when it is closed
    try {
      await file.write(bytes as Uint8Array<ArrayBuffer>);
      await file.close();
    } catch (error) {
      await file.abort().catch(() => {}); // what went wrong first is what to tell
      throw error;
    }
  };
  return {
    read,
    async write(path, bytes, keep) {
      for (let k = keep - 1; k >= 1; k--) {
        const older = await read(k === 1 ? path : `${path}.${k - 1}`);
        if (older) await put(`${path}.${k}`, older);
      }
      await put(path, bytes);
    },
    async remove(path) {
      const { folder, name } = split(path);
      await orNull(folderOf(folder, false).then((from) => from.removeEntry(name)));
    },
    async list(path) {
      const folder = await orNull(folderOf(namesOf(path), false));
      if (folder === null) return null;
      const names: string[] = [];
      for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
      return names.filter((name) => !name.endsWith('.crswap')); // Chromium's copies
    },
    async makeFolder(path) {
      await folderOf(namesOf(path), true);
    },
  };
}

/** A record a file, its key the names with slashes between. Folders are what keys begin with. */
function idb(): FileStore {
  let opened: UseStore | undefined;
  const store = () => {
    opened ??= createStore('unrolled', 'files');
    return opened;
  };
  const keyOf = (path: string) => namesOf(path).join('/');
  return {
    read: async (path) => ((await get(keyOf(path), store())) as Uint8Array | undefined) ?? null,
    async write(path, bytes, keep) {
      const key = keyOf(path);
      const names = Array.from({ length: keep }, (_, k) => (k === 0 ? key : `${key}.${k}`));
      const older = keep > 1 ? await getMany(names.slice(0, -1), store()) : [];
      // Of a view nothing but what it shows is kept. One transaction: all or nothing.
      const entries = [bytes.slice(), ...older].map((value, k) => [names[k] as string, value] as [string, unknown]);
      await setMany(
        entries.filter(([, value]) => value !== undefined),
        store(),
      );
    },
    remove: (path) => del(keyOf(path), store()),
    async list(path) {
      const folder = `${keyOf(path)}/`;
      const found = ((await keys(store())) as string[]).filter((key) => key.startsWith(folder));
      if (found.length === 0) return null;
      return [...new Set(found.map((key) => key.slice(folder.length).split('/')[0] as string))];
    },
    makeFolder: async () => {},
  };
}
