// Which problem a task is.
import type { Settings } from '../../shared/settings.js';
import type { Source } from '../../shared/sources.js';
import { type Problem, ProblemError } from '../problem.js';
import { copyProblem } from './copy.js';
import { labelledProblem } from './labelled.js';
import { seriesProblem, sineProblem } from './series.js';
import { textProblem } from './text.js';

/** @param source  of the kind that the task needs; null where it makes its sequences up */
export function makeProblem(settings: Settings, source: Source | null): Problem {
  const { task } = settings;
  if (task === 'copy') return copyProblem(settings);
  if (task === 'sine') return sineProblem(settings);
  if (task === 'reviews' && source?.kind === 'labelled') return labelledProblem(source, settings);
  if (task === 'text' && source?.kind === 'text') return textProblem(source, settings);
  if (task === 'series' && source?.kind === 'series') return seriesProblem(source, settings);
  throw new ProblemError(`the task "${task}" has no data of its kind, got ${source?.kind ?? 'none'}`);
}
