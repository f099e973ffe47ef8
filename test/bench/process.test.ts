// The benchmark's child processes: what they answer, how they fail, what they hold; and the machine's other load.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { chooseCore } from '../../bench/cores.mjs';
import { watchOthers } from '../../bench/load.mjs';
import { startProcess } from '../../bench/process.mjs';
import { CANDIDATES, startAll } from '../../bench/subjects.mjs';
import { workloads } from '../../bench/workloads.mjs';

/** A subject whose program is a line of JavaScript; `line` is what it is asked. */
const program = (hello: string, onLine = '', more: Record<string, unknown> = {}) => ({
  name: 'toy',
  command: [
    process.execPath,
    [
      '-e',
      `${hello}; require('readline').createInterface({ input: process.stdin }).on('line', (line) => { ${onLine} })`,
    ],
  ],
  ...more,
});
const SAYS_HELLO = `console.log('{"version":"1"}')`;

/** Where a process may run, as Linux says it. */
const allowed = (pid: number | string) =>
  readFileSync(`/proc/${pid}/status`, 'utf8').match(/^Cpus_allowed_list:\s*(\S+)/m)?.[1];

describe.runIf(process.platform === 'linux' && availableParallelism() > 1)('the core for systems of one thread', () => {
  it('is the one whose probe is fastest, and is left again when it has been found', () => {
    const before = allowed('self');
    const seen: (string | undefined)[] = [];
    const chosen = chooseCore(() => {
      seen.push(allowed('self'));
      return seen.length === 4 ? 3 : 2; // the first attempt on the second core
    });
    expect(seen.every((where) => /^\d+$/.test(where ?? ''))).toBe(true);
    expect(new Set(seen).size).toBe(availableParallelism());
    expect(String(chosen?.core)).toBe(seen[3]);
    expect(allowed('self')).toBe(before);
  });

  it('is where a subject stays that has been given one', async () => {
    const chosen = chooseCore(() => 1);
    const bound = await startProcess(program(SAYS_HELLO, '', { core: chosen?.core }));
    const free = await startProcess(program(SAYS_HELLO));
    expect(allowed(bound.pid)).toBe(String(chosen?.core));
    expect(allowed(free.pid)).toBe(allowed('self'));
    bound.stop();
    free.stop();
  });
});

describe('a subject', () => {
  it('says what it is, then answers line by line', async () => {
    const subject = await startProcess(program(SAYS_HELLO, 'console.log(JSON.stringify({ heard: JSON.parse(line) }))'));
    expect(subject.info).toEqual({ version: '1' });
    expect(await subject.ask({ run: 1 })).toEqual({ heard: { run: 1 } });
    expect(await subject.ask({ run: 2 })).toEqual({ heard: { run: 2 } });
    subject.stop();
  });

  it('that ends is named with what it complained of', async () => {
    await expect(startProcess(program(`console.error('no such library'); process.exit(3)`))).rejects.toThrow(
      /ended with code 3.*no such library/,
    );
    const subject = await startProcess(program(SAYS_HELLO, 'process.exit(4)'));
    await expect(subject.ask({})).rejects.toThrow('ended with code 4');
    await expect(subject.ask({})).rejects.toThrow('ended with code 4');
  });

  it('that is not there at all is absent too', async () => {
    await expect(startProcess({ name: 'toy', command: ['/no/such/program', []] })).rejects.toThrow('ENOENT');
  });

  it('that answers with an error is absent with its words', async () => {
    const subject = await startProcess(program(SAYS_HELLO, `console.log('{"error":"unsupported"}')`));
    await expect(subject.ask({})).rejects.toThrow('unsupported');
    subject.stop();
  });

  it.runIf(process.platform === 'linux')('holds memory that can be seen', async () => {
    const grow = 'globalThis.kept = Buffer.alloc(64 << 20, 1); console.log("{}")';
    const subject = await startProcess(program(SAYS_HELLO, grow));
    const before = subject.memory.now() as number;
    await subject.ask({});
    expect((subject.memory.peak() as number) - before).toBeGreaterThan(63 * 2 ** 20);
    subject.stop();
  });

  it('oneDNN is spoken to in plain words', async () => {
    const { encode } = CANDIDATES.find((c: { name: string }) => c.name === 'onednn 1t') as {
      encode: (command: object) => string;
    };
    expect(encode({ run: { samples: 3, inner: 20 } })).toBe('run 3 20');
    const setup = workloads().find((w) => w.name === 'lstm I=128 H=128 T=200 B=32 train ragged');
    const words = encode({ setup, file: 'in', result: 'out' });
    expect(words).toMatch(/^setup cell=lstm mode=train I=128 H=128 T=200 B=32 layers=1 directions=1 lengths=1,\d+,/);
    expect(words).toMatch(/ file=in result=out$/);
  });
});

describe('subjects of a workload', () => {
  it('are started, or named with the reason', async () => {
    const willing = program(SAYS_HELLO);
    const unwilling = { ...willing, name: 'unwilling', refuses: () => 'not this one' };
    const broken = { name: 'broken', command: ['/no/such/program', []] };
    const { entries, absent } = await startAll([willing, unwilling, broken], { name: 'w' }, 1);
    expect(entries.map((s: { name: string }) => s.name)).toEqual(['toy']);
    expect(absent[0]).toEqual(['unwilling', 'not this one']);
    expect(absent[1]?.[0]).toBe('broken');
    for (const subject of entries) subject.stop();
  });
});

describe.runIf(process.platform === 'linux')('other load', () => {
  it('of a busy process is seen, unless it is one of ours', async () => {
    const busy = spawn(process.execPath, ['-e', 'for (;;);']);
    try {
      const [all, butOurs] = [watchOthers([process.pid]), watchOthers([process.pid, busy.pid as number])];
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const [withIt, withoutIt] = [all() as number, butOurs() as number];
      expect(withIt).toBeGreaterThan(withoutIt);
      expect(withIt - withoutIt).toBeGreaterThan(0.1 / availableParallelism());
    } finally {
      busy.kill('SIGKILL');
    }
  });
});
