// `unrolled doctor`: which backend runs here, with which instruction set, and why not a faster one.
import { backendInfo } from '../../backend/select.js';
import { describeFlags, type Flags } from '../arguments.js';
import { BACKEND_FLAGS, type Command, start, takeWords } from '../command.js';
import { machine } from '../machine.js';
import { table } from '../table.js';
import { version } from '../version.js';

const FLAGS: Flags = { json: { type: 'boolean', help: 'one line of JSON on stdout' }, ...BACKEND_FLAGS };

export const doctor: Command = {
  name: 'doctor',
  usage: 'doctor',
  summary: 'which backend runs here, and why',
  flags: () => FLAGS,
  help: () => describeFlags(FLAGS),

  async run(words, values) {
    takeWords(doctor, words, 0);
    const found = [];
    for (const backend of ['native', 'wasm', 'reference'] as const) {
      try {
        await start({ ...values, backend });
        const { name, simd, threads } = backendInfo();
        found.push({ backend: name, works: true, simd: simd as string, threads, reason: '' });
      } catch (error) {
        found.push({ backend, works: false, simd: '', threads: 0, reason: (error as Error).message });
      }
    }
    await start({ backend: 'auto', ...values });
    const { name, simd, threads, tried } = backendInfo();
    const platform = machine();
    if (values.json) {
      const chosen = { backend: name, simd, threads };
      process.stdout.write(`${JSON.stringify({ version: version(), platform, chosen, backends: found, tried })}\n`);
      return 0;
    }
    const rows = found.map(({ backend, works, simd: set, threads: cores, reason }) => [
      backend,
      works ? 'works' : 'no',
      set,
      works ? String(cores) : '',
      reason.split('\n')[0]?.slice(0, 100) ?? '',
    ]);
    process.stdout.write(
      `unrolled ${version()} on ${platform}\n${table(['backend', '', 'instructions', 'threads', 'why not'], rows)}\n` +
        `in use: ${name} (${simd}), ${threads} ${threads === 1 ? 'thread' : 'threads'}\n` +
        tried
          .filter(({ ok }) => !ok)
          .map(({ backend, reason }) => `not ${backend}: ${reason}\n`)
          .join(''),
    );
    return 0;
  },
};
