// The settings of a run: what every task can be told, what one task adds, and which of it was given.
import { OptionError } from '../errors.js';
import { adviceFor, is, type Rule, show } from '../options.js';
import type { CommonSettings, Settings, TaskDefinition, TaskOption } from './definition.js';

const common = (rule: Rule, type: TaskOption['type'], help: string, fallback: TaskOption['default']): TaskOption => ({
  rule,
  type,
  help,
  ...(fallback !== undefined && { default: fallback }),
});

/** Those of every task. Without a default here, a task chooses by its data (`defaults`). */
export const COMMON: { readonly [K in keyof CommonSettings]: TaskOption } = {
  cell: common(is.oneOf('rnn', 'lstm', 'gru'), 'string', 'rnn, lstm or gru', 'lstm'),
  hidden: common(is.integer(1, 65536), 'number', 'hidden units of a layer', 64),
  layers: common(is.integer(1, 64), 'number', 'recurrent layers, one on the other', 1),
  bidirectional: common(is.boolean, 'boolean', 'read sequences from both ends', false),
  embedding: common(is.integer(1, 65536), 'number', 'numbers that stand for a word or character', 48),
  dropout: common(is.number(0, 0.99), 'number', 'share of activations that is dropped in training', 0.3),
  epochs: common(is.integer(1), 'number', 'at most; training ends earlier when it no longer improves', 20),
  batch: common(is.integer(1), 'number', 'examples of an update', 32),
  lr: common(is.between(0), 'number', 'learning rate of Adam', 0.002),
  clip: common(is.between(0), 'number', 'largest norm of all gradients', 1),
  patience: common(is.integer(1), 'number', 'epochs without improvement before training ends', 3),
  seed: common(is.integer(0, 2 ** 32 - 1), 'number', 'of the split, the weights, dropout and the order of batches', 1),
};

/** What of `given` are settings of this task, checked; what is left is the run's own. */
export function readSettings(
  task: TaskDefinition,
  given: Readonly<Record<string, unknown>>,
  runOptions: readonly string[],
): Record<string, unknown> {
  const options: Record<string, TaskOption> = { ...COMMON, ...task.options };
  const columns = task.columns.map(({ option }) => option);
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || runOptions.includes(name) || columns.includes(name)) continue;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) {
      const known = [...Object.keys(options), ...columns, ...runOptions];
      throw new OptionError(`${task.name}: unknown option "${name}"${adviceFor(name, known)}`);
    }
    if (!option.rule.accepts(value)) {
      throw new OptionError(`${task.name}: option "${name}" must be ${option.rule.expected}, got ${show(value)}`);
    }
    settings[name] = value;
  }
  return settings;
}

/** All settings: given ones before the task's choice for its data before the general defaults. */
export function completeSettings(
  task: TaskDefinition,
  given: Readonly<Record<string, unknown>>,
  chosen: Partial<Settings> = {},
): Settings {
  const settings: Record<string, unknown> = {};
  for (const [name, option] of Object.entries({ ...COMMON, ...task.options })) {
    settings[name] = given[name] ?? chosen[name] ?? option.default ?? null;
  }
  return settings as unknown as Settings;
}
