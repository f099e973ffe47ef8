// Claim 5. Long-term dependencies: how far apart cause and effect may lie for each kind of net to still find them.
import { mean } from '../../lib/stats.mjs';
import { lines } from '../plots.mjs';
import { figure, percent } from '../report.mjs';

export const title = 'Long-term dependencies';
export const claim =
  'A plain RNN does not learn what lies far apart: the gradient that would teach it has vanished. An RNN that starts as the identity ' +
  '(IRNN) gets farther; GRU and LSTM learn it.';

export const sizes = {
  whole: {
    seeds: 5,
    adding: { lengths: [50, 100, 200, 400], updates: 3000 },
    words: { lengths: [10, 20, 30, 50, 100], updates: 3000 },
  },
  quick: { seeds: 1, adding: { lengths: [50, 100], updates: 3000 }, words: { lengths: [10, 20, 30], updates: 1500 } },
};

/** Sizes and training as those who reported these tasks: 32 units, Adam 3e-3, batches of 64, gradients clipped to norm 1. */
const nets = [
  { kind: 'RNN', hiddenSize: 32 },
  { kind: 'IRNN', hiddenSize: 32 },
  { kind: 'GRU', hiddenSize: 32 },
  { kind: 'LSTM', hiddenSize: 32, forgetBias: 1 },
];

export async function run({ sizes, seed, trainAll }) {
  const jobsOf = (kind, { lengths, updates }) =>
    // The longest first: two threads end at about the same time.
    [...lengths]
      .reverse()
      .flatMap((steps) =>
        nets.flatMap((net) =>
          Array.from({ length: sizes.seeds }, (_, k) => ({ task: { kind, steps }, net, updates, seed: seed + k })),
        ),
      );
  const jobs = [...jobsOf('adding', sizes.adding), ...jobsOf('firstAndLast', sizes.words)];
  const outcomes = await trainAll(jobs);
  const of = (task, steps, kind) =>
    outcomes.filter((_, k) => jobs[k].task.kind === task && jobs[k].task.steps === steps && jobs[k].net.kind === kind);

  return {
    rows: [...addingRows(sizes, of), ...wordRows(sizes, of)],
    tables: [
      overview(
        'The adding problem: mean squared error, seeds that solved it (below 0.01), updates',
        'adding',
        sizes.adding,
        of,
      ),
      overview(
        'The first and the last word: accuracy, seeds that solved it (above 99 %), updates',
        'firstAndLast',
        sizes.words,
        of,
      ),
    ],
    plots: plotsOf(sizes, jobs, outcomes, of),
  };
}

const solvedIn = (group) => group.filter(({ solved }) => solved).length;
const meanScore = (group) => mean(group.map(({ score }) => score));
const meanUpdates = (group) => mean(group.map(({ updates }) => updates));

function addingRows({ seeds, adding }, of) {
  const row = (kind, steps, expected, holds) => {
    const group = of('adding', steps, kind);
    return {
      what: `adding, T = ${steps}: ${kind}`,
      measured: `${solvedIn(group)} of ${seeds} below 0.01, mean error ${figure(meanScore(group))}`,
      expected,
      ...(holds && { holds: holds(group) }),
    };
  };
  const all = (group) => solvedIn(group) === seeds;
  return adding.lengths.flatMap((steps) => [
    steps >= 100
      ? row('RNN', steps, 'stays near 1/6 = 0.167', (group) => meanScore(group) > 0.1)
      : row('RNN', steps, 'for information'),
    steps <= 150
      ? row('IRNN', steps, 'all below 0.01 (Le 2015: T = 150)', all)
      : row('IRNN', steps, 'for information: beyond Le 2015'),
    row('GRU', steps, 'all below 0.01', all),
    row('LSTM', steps, 'all below 0.01', all),
  ]);
}

/** The longest sentence that most seeds solved, if they solved all shorter ones as well. */
function reach(kind, { seeds, words }, of) {
  let longest = 0;
  for (const steps of words.lengths) {
    if (solvedIn(of('firstAndLast', steps, kind)) * 2 <= seeds) break;
    longest = steps;
  }
  return longest;
}

function wordRows(sizes, of) {
  const plain = reach('RNN', sizes, of);
  return nets
    .map(({ kind }) => kind)
    .map((kind) => {
      const longest = reach(kind, sizes, of);
      const tried = sizes.words.lengths.at(-1);
      return {
        what: `first and last word, ${kind}: longest sentence that most seeds solved`,
        measured: longest === 0 ? 'none' : `${longest} words${longest === tried ? ', the longest tried' : ''}`,
        expected: kind === 'RNN' ? 'the shortest of the four' : `above the RNN's ${plain}`,
        ...(kind !== 'RNN' && { holds: longest > plain }),
      };
    });
}

function overview(title, task, { lengths }, of) {
  return {
    title,
    head: ['T', ...nets.map(({ kind }) => kind)],
    rows: lengths.map((steps) => [
      steps,
      ...nets.map(({ kind }) => {
        const group = of(task, steps, kind);
        const score = task === 'adding' ? figure(meanScore(group)) : percent(meanScore(group));
        return `${score}, ${solvedIn(group)}/${group.length}, ${meanUpdates(group).toFixed(0)}`;
      }),
    ]),
  };
}

function plotsOf({ adding, words }, jobs, outcomes, of) {
  const scores = (task, { lengths }) =>
    nets.flatMap(({ kind }) => lengths.map((steps) => ({ net: kind, steps, score: meanScore(of(task, steps, kind)) })));
  const curves = jobs.flatMap(({ task, net, seed }, k) =>
    task.kind === 'adding' && task.steps <= 200
      ? outcomes[k].history.map(({ update, score }) => ({
          net: net.kind,
          length: `T = ${task.steps}`,
          run: `${net.kind} ${seed}`,
          update,
          score,
        }))
      : [],
  );
  return [
    lines({
      title: 'The adding problem: error when training ends, against the length',
      caption: `At most ${adding.updates} updates, mean over the seeds. The dashed line is who always says 1. Where a curve reaches it, the gradient from the last step no longer reached the marked numbers.`,
      values: scores('adding', adding),
      x: { field: 'steps', title: 'length T' },
      y: { field: 'score', title: 'mean squared error', log: true },
      series: 'net',
      points: true,
      mark: { value: 1 / 6, label: 'knows nothing: 1/6' },
    }),
    lines({
      title: 'The adding problem while it is learnt',
      caption:
        'The error on sequences not trained on, a line a seed; it ends where the task is solved. Long flat parts and then a sudden fall: first nothing of the gradient gets through, then the net finds a way to carry a number, and that way strengthens itself.',
      values: curves.sort((a, b) => Number(a.length.slice(4)) - Number(b.length.slice(4)) || a.update - b.update),
      x: { field: 'update', title: 'update' },
      y: { field: 'score', title: 'mean squared error', log: true },
      series: 'net',
      run: 'run',
      panel: 'length',
    }),
    lines({
      title: 'The first and the last word: accuracy when training ends, against the length',
      caption: `At most ${words.updates} updates, mean over the seeds. Who knows only the last word is right half the time. Unlike in the adding problem nothing lies nearer than the whole sentence: there is no easy part to begin with, and what counts is the gradient at birth.`,
      values: scores('firstAndLast', words),
      x: { field: 'steps', title: 'words' },
      y: { field: 'score', title: 'accuracy', domain: [0.4, 1.02], format: '.0%' },
      series: 'net',
      points: true,
      mark: { value: 0.5, label: 'knows the last word only' },
    }),
  ];
}
