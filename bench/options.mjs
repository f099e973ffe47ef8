// options.mjs: the command line.
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [options]
  --quick         the quick workloads only: under two minutes
  --filter WORD   workloads whose name contains WORD (several: all of them), e.g. --filter lstm --filter train
  --subject WORD  subjects whose name contains WORD (several: any of them), e.g. --subject native --subject onednn
  --rounds N      turns each subject gets (default 11, with --quick 5)
  --seconds N     what the turns of one group of workloads may take: fewer rounds where it would be more (default 60, with --quick 8)
  --patience N    seconds that one run of a slow peer may take, else it is left out (default 20, with --quick 2)
  --json FILE     writes one JSON object a line
  --html FILE     writes a page of charts
  --bars          compares the rows with what this library promises
  --from FILE     with --bars or --html: rows of earlier runs (several files) instead of a run
  --browser       the same in a headless Chromium, beside Node's WASM: WASM, onnxruntime-web, tfjs
  --page          the same in a page that you open in a browser of yours: what is promised of browsers, or what --filter says
  --page --bars   opens that page itself, in a headless Chromium, and says which of these promises are met
  --cold          instead: from import to the first prediction, and what is installed for it
  --ceiling       instead: what no product of matrices can exceed here: its innermost loop alone, with each instruction set
  --install       instead: installs the peers, as bench/package-lock.json has them, and builds oneDNN's program
  --list          names workloads and subjects, and runs nothing
  --help          this text`;

/** @returns the options, or throws an error with a message for the user */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      filter: { type: 'string', multiple: true, default: [] },
      subject: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      patience: { type: 'string' },
      json: { type: 'string' },
      html: { type: 'string' },
      bars: { type: 'boolean', default: false },
      from: { type: 'string', multiple: true, default: [] },
      browser: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      cold: { type: 'boolean', default: false },
      ceiling: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    rounds: count('--rounds', values.rounds, values.quick ? 5 : 11),
    patience: count('--patience', values.patience, values.quick ? 2 : 20),
    seconds: count('--seconds', values.seconds, values.quick ? 8 : 60),
  };
}

function count(name, given, otherwise) {
  const number = Number(given ?? otherwise);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${name} must be a whole number of at least 1, got "${given}"`);
  return number;
}
