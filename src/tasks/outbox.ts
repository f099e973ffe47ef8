// The folder of a run: what is there before it, where its checkpoint lies, and what is left when it ends.
//
//   run.json                 which run this is, while it is under way
//   checkpoint.safetensors   from which it goes on when it is started again
//   config.json, model.safetensors   the trained task (folder.ts): when it is done, or interrupted
import { OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { platform } from '../platform/types.js';
import type { Settings } from './definition.js';
import { CONFIG, type TaskFiles, WEIGHTS, writeFiles } from './folder.js';

const RUN = 'run.json';
const CHECKPOINT = 'checkpoint.safetensors';
const OWN = [RUN, CHECKPOINT, CONFIG, WEIGHTS];

/** What makes two runs the same. */
export interface RunIdentity {
  readonly task: string;
  readonly settings: Settings;
  readonly data: string;
}

export class Outbox {
  readonly folder: string | URL;
  readonly #overwrite: boolean;
  /** What run.json said before this run. */
  readonly #before: string | null;

  private constructor(folder: string | URL, overwrite: boolean, before: string | null) {
    this.folder = folder;
    this.#overwrite = overwrite;
    this.#before = before;
  }

  /** @throws OptionError  if the folder holds something that is no run of ours */
  static async open(folder: string | URL, overwrite: boolean): Promise<Outbox> {
    const { listFolder, inFolder, readFile } = platform();
    const names = (await listFolder(folder)) ?? [];
    const isOurs = names.length === 0 || names.some((name) => OWN.includes(name));
    if (!isOurs) {
      throw new OptionError(
        `out: ${folder} exists and holds other files (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}); ` +
          'choose a folder that is empty or not there yet',
      );
    }
    const before = names.includes(RUN) ? new TextDecoder().decode(await readFile(inFolder(folder, RUN))) : null;
    if (before === null && names.includes(CONFIG) && !overwrite) {
      throw new OptionError(
        `out: ${folder} holds a trained task already; choose another folder, or pass --overwrite to replace it`,
      );
    }
    return new Outbox(folder, overwrite, before);
  }

  get checkpoint(): string {
    return platform().inFolder(this.folder, CHECKPOINT);
  }

  /** @throws OptionError  if a run with other settings or data is under way in the folder */
  async begin(identity: RunIdentity): Promise<void> {
    const { makeFolder, writeFileAtomic, removeFile, inFolder } = platform();
    const text = `${JSON.stringify(identity, null, 1)}\n`;
    await makeFolder(this.folder);
    if (this.#before === text) return;
    if (this.#before !== null && !this.#overwrite) {
      throw new OptionError(
        `out: ${this.folder} holds a run that was stopped${difference(this.#before, identity)}; start it as before to go ` +
          'on, choose another folder, or pass --overwrite to begin anew',
      );
    }
    await removeFile(this.checkpoint);
    await writeFileAtomic(inFolder(this.folder, RUN), new TextEncoder().encode(text));
  }

  /** An interrupted run keeps what it goes on from. */
  async finish(files: TaskFiles, interrupted: boolean): Promise<void> {
    const { removeFile, inFolder } = platform();
    await writeFiles(this.folder, files);
    if (interrupted) return;
    await removeFile(this.checkpoint);
    await removeFile(inFolder(this.folder, RUN));
  }
}

/** What of a stopped run's settings is not as it is now. */
function difference(before: string, now: RunIdentity): string {
  let then: Partial<RunIdentity>;
  try {
    then = JSON.parse(before);
  } catch {
    return ` and whose ${RUN} is damaged`;
  }
  if (then.task !== now.task) return ` of the task ${then.task}`;
  const changed = Object.entries(now.settings as Record<string, Json>).flatMap(([name, value]) => {
    const old = (then.settings as Record<string, Json> | undefined)?.[name];
    return JSON.stringify(old) === JSON.stringify(value)
      ? []
      : [`${name} ${JSON.stringify(old)}, now ${JSON.stringify(value)}`];
  });
  if (changed.length > 0) return ` with ${changed.join('; ')}`;
  return ' with other data';
}
