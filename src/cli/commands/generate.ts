// `unrolled generate DIR --prompt TEXT`: goes on writing.
import { loadTask } from '../../tasks/index.js';
import { describeFlags, type Flags } from '../arguments.js';
import { BACKEND_FLAGS, type Command, start, takeWords } from '../command.js';

const FLAGS: Flags = {
  prompt: { type: 'string', value: 'TEXT', help: 'what to go on from', default: '' },
  length: { type: 'number', help: 'characters or words to write', default: 200 },
  temperature: { type: 'number', help: 'below 1 safer, above 1 wilder; 0: always the likeliest', default: 1 },
  topK: { type: 'number', help: 'only the K likeliest; 0: all', default: 0 },
  topP: { type: 'number', help: 'only the likeliest that together have probability P', default: 1 },
  seed: { type: 'number', help: 'the same seed writes the same text' },
  ...BACKEND_FLAGS,
};

export const generate: Command = {
  name: 'generate',
  usage: 'generate DIR --prompt TEXT',
  summary: 'text that a charlm or wordlm writes',
  flags: () => FLAGS,
  help: () => describeFlags(FLAGS),

  async run(words, { prompt = '', backend, threads, ...options }) {
    takeWords(generate, words, 1);
    await start({ backend, threads });
    const task = await loadTask(words[0] as string);
    process.stdout.write(`${prompt}${task.generate(prompt as string, options)}\n`);
    return 0;
  },
};
