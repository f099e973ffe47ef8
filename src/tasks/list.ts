// The tasks by name: what the command line, loadTask and the tests go over.
import '../ops/methods.js';
import { OptionError } from '../errors.js';
import { adviceFor, show } from '../options.js';
import { captionTask } from './caption.js';
import { classifyTask } from './classify.js';
import type { TaskDefinition } from './definition.js';
import { forecastTask } from './forecast/index.js';
import { charlmTask, wordlmTask } from './language-model.js';
import { tagTask } from './tag.js';
import { transcribeTask } from './transcribe.js';
import { translateTask } from './translate.js';

export const TASKS = [
  classifyTask,
  tagTask,
  charlmTask,
  wordlmTask,
  forecastTask,
  translateTask,
  transcribeTask,
  captionTask,
] as unknown as readonly TaskDefinition[];

/** @throws OptionError  naming the tasks there are */
export function taskNamed(name: unknown): TaskDefinition {
  const found = TASKS.find((task) => task.name === name);
  if (found) return found;
  const names = TASKS.map((task) => task.name);
  throw new OptionError(
    typeof name === 'string'
      ? `unknown task "${name}"${adviceFor(name, names)}`
      : `a task must be one of ${names.join(', ')}, got ${show(name)}`,
  );
}
