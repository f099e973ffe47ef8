// `unrolled train TASK FILE`: learns from a file, shows it, measures, saves.

import { backendInfo } from '../../backend/select.js';
import { DataError } from '../../errors.js';
import type { TaskDefinition } from '../../tasks/definition.js';
import { TASKS, taskNamed } from '../../tasks/list.js';
import { runTask, type TaskOptions } from '../../tasks/run.js';
import { COMMON } from '../../tasks/settings.js';
import type { Report } from '../../tasks/trained.js';
import { describeFlags, type Flags, UsageError } from '../arguments.js';
import { BACKEND_FLAGS, type Command, fasterRefused, start, takeWords } from '../command.js';
import { figure, table } from '../table.js';
import { watchTraining } from '../watch.js';

const RUN_FLAGS: Flags = {
  valid: { type: 'string', value: 'FILE|SHARE', help: 'data for early stopping, or a share of FILE', default: 0.1 },
  test: {
    type: 'string',
    value: 'FILE|SHARE',
    help: 'data to measure on at the end, or a share of FILE',
    default: 0.1,
  },
  out: { type: 'string', value: 'DIR', help: 'where to keep the trained task' },
  overwrite: { type: 'boolean', help: "replace another run's model in DIR" },
  json: { type: 'boolean', help: 'end with one line of JSON on stdout, all else on stderr' },
  format: {
    type: 'string',
    oneOf: ['csv', 'tsv', 'jsonl', 'conll', 'text'],
    help: 'of FILE: csv, tsv, jsonl, conll or text; default: by its ending',
  },
  encoding: { type: 'string', help: 'of FILE; default: utf-8, or utf-16 where a byte order mark says so' },
  ...BACKEND_FLAGS,
};

function taskFlags(task: TaskDefinition): { columns: Flags; own: Flags; common: Flags } {
  const columns = task.columns.map(
    ({ option, help }) => [option, { type: 'string', help: `column: ${help}` }] as const,
  );
  return {
    columns: Object.fromEntries(columns),
    own: task.options,
    common: COMMON,
  };
}

const taskOf = (args: readonly string[]) => TASKS.find((task) => task.name === args[0]);

export const train: Command = {
  name: 'train',
  usage: 'train TASK FILE [options]',
  summary: `learn a task from a file: ${TASKS.map(({ name }) => name).join(', ')}`,
  flags(args) {
    const task = taskOf(args);
    if (task === undefined) return { ...RUN_FLAGS, ...COMMON };
    const { columns, own, common } = taskFlags(task);
    return { ...RUN_FLAGS, ...common, ...own, ...columns };
  },
  help(args) {
    const task = taskOf(args);
    if (task === undefined) {
      const rows = TASKS.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`);
      return ['tasks', ...rows, '', 'options of all', describeFlags({ ...RUN_FLAGS, ...COMMON })].join('\n');
    }
    const { columns, own, common } = taskFlags(task);
    const parts = [`${task.name}: ${task.summary}; FILE: ${task.inputs.join(', ')}`, ''];
    if (Object.keys(columns).length > 0) parts.push('columns', describeFlags(columns), '');
    if (Object.keys(own).length > 0) parts.push(`options of ${task.name}`, describeFlags(own), '');
    parts.push('options', describeFlags({ ...RUN_FLAGS, ...common }));
    return parts.join('\n');
  },

  async run(words, values) {
    takeWords(train, words.slice(1), words.length === 0 ? 1 : 1);
    const task = taskNamed(words[0]);
    const { json = false, backend, threads, valid, test, ...given } = values;
    const watch = watchTraining();
    const interrupt = new AbortController();
    const onInterrupt = () => {
      // The second time there is no waiting for the update to end.
      if (interrupt.signal.aborted) process.exit(130);
      watch.say('stopping after this update; once more to stop at once');
      interrupt.abort();
    };
    process.on('SIGINT', onInterrupt);
    try {
      await start({ backend, threads });
      const { name, simd, threads: used } = backendInfo();
      watch.say(`${name} (${simd}), ${used} ${used === 1 ? 'thread' : 'threads'}`);
      for (const line of fasterRefused()) watch.say(`unrolled: ${line}`);
      const options = {
        ...given,
        ...(valid !== undefined && { valid: part('valid', valid as string) }),
        ...(test !== undefined && { test: part('test', test as string) }),
        signal: interrupt.signal,
        say: watch.say,
        onProgress: watch.onProgress,
        onEpoch: watch.onEpoch,
      } as TaskOptions;
      const trained = await runTask(task, words[1] as string, options);
      watch.stop();
      const text = describe(trained.report, values.out as string | undefined);
      if (json) process.stderr.write(text);
      else process.stdout.write(text);
      if (json) process.stdout.write(`${JSON.stringify(trained.report)}\n`);
      return interrupt.signal.aborted ? 130 : 0;
    } catch (error) {
      watch.stop();
      if (!interrupt.signal.aborted || error instanceof DataError) throw error;
      process.stderr.write('unrolled: stopped before the first epoch was over: there is no model yet\n');
      return 130;
    } finally {
      process.off('SIGINT', onInterrupt);
    }
  },
};

/** A number is a share, anything else a file. */
function part(name: string, value: string): number | string {
  const share = Number(value);
  if (value.trim() === '' || Number.isNaN(share)) return value;
  if (share >= 0 && share < 1) return share;
  throw new UsageError(`--${name} must be a file or a share from 0 to below 1, got ${value}`);
}

function describe({ task, cell, parameters, epochs, secondsPerEpoch, backend, test }: Report, out?: string): string {
  const rows: [string, string][] = [
    ['task', task],
    ['cell', cell],
    ['parameters', parameters.toLocaleString('en')],
    ['epochs', String(epochs)],
    ['seconds an epoch', secondsPerEpoch.toFixed(2)],
    ['backend', backend],
    ...Object.entries(test ?? {}).map(([name, value]): [string, string] => [`test: ${name}`, figure(value)]),
  ];
  const saved = out === undefined ? '' : `saved to ${out}: unrolled predict ${out}, evaluate, inspect\n`;
  return `${table(['', ''], rows)}\n${saved}`;
}
