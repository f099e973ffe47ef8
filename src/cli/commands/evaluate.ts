// `unrolled evaluate DIR FILE`: figures of a trained task on data it has not seen.
import { loadTask } from '../../tasks/index.js';
import type { SourceFormat } from '../../tasks/source.js';
import { describeFlags, type Flags } from '../arguments.js';
import { BACKEND_FLAGS, type Command, start, takeWords } from '../command.js';
import { figure, table } from '../table.js';

const FLAGS: Flags = {
  json: { type: 'boolean', help: 'one line of JSON on stdout' },
  format: { type: 'string', oneOf: ['csv', 'tsv', 'jsonl', 'conll', 'text'], help: 'of FILE; default: by its ending' },
  encoding: { type: 'string', help: 'of FILE' },
  ...BACKEND_FLAGS,
};

export const evaluate: Command = {
  name: 'evaluate',
  usage: 'evaluate DIR FILE [--json]',
  summary: 'figures of a trained task on other data',
  flags: () => FLAGS,
  help: () => describeFlags(FLAGS),

  async run(words, values) {
    takeWords(evaluate, words, 2);
    await start(values);
    const task = await loadTask(words[0] as string);
    const { format, encoding } = values;
    const test = await task.evaluate(words[1] as string, {
      ...(format !== undefined && { format: format as SourceFormat }),
      ...(encoding !== undefined && { encoding: encoding as never }),
      say: (line) => void process.stderr.write(`${line}\n`),
    });
    const { cell, parameters, epochs, secondsPerEpoch, backend } = task.report;
    const report = { task: task.name, cell, parameters, epochs, secondsPerEpoch, backend, test };
    const rows = Object.entries(test).map(([name, value]) => [name, figure(value)]);
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${table(['figure', 'value'], rows)}\n`);
    return 0;
  },
};
