// `unrolled predict DIR [FILE|-]`: a line of JSON for each row of a file, or for each line of stdin.
import { text } from 'node:stream/consumers';
import { loadTask } from '../../tasks/index.js';
import type { SourceFormat } from '../../tasks/source.js';
import { describeFlags, type Flags } from '../arguments.js';
import { BACKEND_FLAGS, type Command, start, takeWords } from '../command.js';

const FLAGS: Flags = {
  format: {
    type: 'string',
    oneOf: ['csv', 'tsv', 'jsonl', 'conll', 'text', 'lines'],
    help: 'of FILE; lines: an input a line; default: by its ending, lines for .txt and stdin',
  },
  column: { type: 'string', help: 'the column to read, where its name is not that of the training file' },
  encoding: { type: 'string', help: 'of FILE' },
  ...BACKEND_FLAGS,
};

export const predict: Command = {
  name: 'predict',
  usage: 'predict DIR [FILE|-]',
  summary: 'answers of a trained task, a line of JSON each',
  flags: () => FLAGS,
  help: () => describeFlags(FLAGS),

  async run(words, values) {
    takeWords(predict, words, 1, 2);
    await start(values);
    const [folder, file = '-'] = words as [string, string?];
    const task = await loadTask(folder);
    const { format, encoding, column } = values;
    const isLines = file === '-' ? format === undefined || format === 'lines' : format === 'lines';
    let answers: readonly unknown[];
    if (isLines) {
      const content = file === '-' ? await text(process.stdin) : await readText(file);
      answers = await task.predictLines(
        content.split(/\r?\n/).filter((line, k, all) => line !== '' || k < all.length - 1),
      );
    } else {
      const source = file === '-' ? { text: await text(process.stdin) } : file;
      const columns = column === undefined ? {} : { [task.inputColumn]: column };
      answers = await task.predictRows(source, {
        columns,
        ...(format !== undefined && { format: format as SourceFormat }),
        ...(encoding !== undefined && { encoding: encoding as never }),
        say: (line) => void process.stderr.write(`${line}\n`),
      });
    }
    for (const answer of answers) process.stdout.write(`${JSON.stringify(answer)}\n`);
    return 0;
  },
};

async function readText(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(file, 'utf8');
}
