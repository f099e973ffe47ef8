// Serves a folder as a plain web server does, with the headers wanted, and remembers what it was asked for.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

export interface StaticServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Every request so far: its path and the status of the answer. */
  readonly requests: readonly { readonly path: string; readonly status: number }[];
  close(): Promise<void>;
}

export async function serveFolder(folder: string, headers: Readonly<Record<string, string>>): Promise<StaticServer> {
  const requests: { path: string; status: number }[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    // Browsers ask for it unasked.
    if (pathname === '/favicon.ico') return void response.writeHead(204).end();
    const file = join(folder, normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    const found = statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
    requests.push({ path: pathname, status: found ? 200 : 404 });
    response.writeHead(found ? 200 : 404, {
      ...headers,
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    });
    if (found) createReadStream(file).pipe(response);
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
