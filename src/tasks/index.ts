// `unrolled/tasks`: what recurrent nets are used for, each in a few lines.
//
//   import * as u from 'unrolled';
//   import { classify, loadTask } from 'unrolled/tasks';
//   await u.ready();
//   const task = await classify('reviews.csv', { cell: 'gru', out: 'model' });
//   console.log(task.report.test, await task.predict(['what a film']));
//   const again = await loadTask('model');   // in a page: the folder's URL
import type { Json } from '../io/exact-json.js';
import { type Caption, captionTask } from './caption.js';
import { type Classification, type ClassifyInput, classifyTask } from './classify.js';
import type { TaskDefinition } from './definition.js';
import { fromFiles, readFiles, readZip, type TaskFiles } from './folder.js';
import { type ForecastInput, type ForecastStep, forecastTask } from './forecast/index.js';
import type { ImageInput } from './inputs/image.js';
import { charlmTask, type TextScore, wordlmTask } from './language-model.js';
import { taskNamed } from './list.js';
import { runTask, type TaskOptions } from './run.js';
import type { TaskSource } from './source.js';
import { type Tagged, tagTask } from './tag.js';
import { TrainedTask } from './trained.js';
import { type TranscribeInput, type Transcription, transcribeTask } from './transcribe.js';
import { type Translation, translateTask } from './translate.js';
import { unzipTask } from './zip.js';

export type { Caption } from './caption.js';
export type { Classification, ClassifyInput } from './classify.js';
export type {
  CellName,
  CommonSettings,
  Figures,
  GenerateOptions,
  Say,
  Settings,
  TaskName,
} from './definition.js';
export type { TaskFiles } from './folder.js';
export type { ForecastInput, ForecastStep } from './forecast/index.js';
export type { TaskDiagnoseOptions } from './gradient-report.js';
export type { ImageInput } from './inputs/image.js';
export type { TextScore } from './language-model.js';
export type { RunOptions, TaskOptions } from './run.js';
export type { SourceFormat, SourceOptions, TaskSource } from './source.js';
export type { Tagged } from './tag.js';
export { type Report, TrainedTask } from './trained.js';
export type { Translation } from './translate.js';
export { unzipTask, zipTask } from './zip.js';

/**
 * Learns to give a label to a text, a sequence of numbers, a sound or a picture.
 *
 * @param data     a table with a column for the text (`text`), the numbers (`features`), or the path of a WAV or PNG file, relative
 *   to the table (`audio`, `image`), and one for the label (`label`): a CSV, TSV or JSONL file, or records. Columns of other names
 *   are guessed, or named by options: { text: 'review' }
 * @param options  sizes, parts, the folder to save to: see TaskOptions. Texts: `vectors`, the path of word vectors to begin with
 *   (GloVe or word2vec as text, or what WordVectors.save wrote), whose size is then `embedding`; the model is saved with those of
 *   its own words. Sounds: `melBands` (24), `deltas` (0), `sampleRate` (that of the first: others are brought to it).
 *   `skipUnreadable` leaves out files that cannot be read, and says which and how many
 * @throws DataError  for data that cannot be learnt from, naming the line; for vectors that none of the words has
 */
export function classify(
  data: TaskSource,
  options: TaskOptions = {},
): Promise<TrainedTask<ClassifyInput, Classification>> {
  return runTask(classifyTask, data, options);
}

/**
 * Learns which character of a text comes next, and writes: `task.generate('Call me ', { length: 500, temperature: 0.7 })`.
 *
 * Figures: bits per character and perplexity, on the last part of the text. Characters that the training part does not have count
 * at the price of an unknown one.
 *
 * @param data  plain text: a file, or { text }
 */
export function charlm(data: TaskSource, options: TaskOptions = {}): Promise<TrainedTask<string, TextScore>> {
  return runTask(charlmTask, data, options);
}

/** The same for words; rare ones (`minCount`) are all one unknown word. */
export function wordlm(data: TaskSource, options: TaskOptions = {}): Promise<TrainedTask<string, TextScore>> {
  return runTask(wordlmTask, data, options);
}

/**
 * Learns to continue a series of numbers: `horizon` steps at a time, each as a median and an interval of the stated
 * `coverage`. Beside it stands the plain forecast (as a season ago, or as the last value), whatever of both errs less.
 *
 *   const task = await forecast('births.csv', { value: 'births', time: 'date', horizon: 7 });
 *   const [next] = await task.predict([history]);          // [{ time, target, value, low, high }, ...]
 *
 * @param data     a table with columns of numbers (`value`; the first is predicted, or `targets`), one of times (`time`; or
 *   year, month, day in columns of their own), and perhaps of numbers known of the future, too (`known`). Times must be
 *   regular: `gaps: 'interpolate'` fills, `'drop'` leaves out. The last rows are the test part, those before them validation
 * @param options  `horizon` (default 1), `window` (default: four seasons, or 28), `coverage` (0.8), `season`, `gaps`; sizes,
 *   parts, the folder to save to: see TaskOptions
 * @throws DataError  for a series that cannot be learnt from, naming line and column
 */
export function forecast(
  data: TaskSource,
  options: TaskOptions = {},
): Promise<TrainedTask<ForecastInput, readonly ForecastStep[]>> {
  return runTask(forecastTask, data, options);
}

/**
 * Learns to write a sequence for a sequence: an encoder reads all of the source before the decoder writes, with attention or without,
 * and a beam search for the likeliest target.
 *
 * @param data  pairs: a table with the columns `source` and `target`; `sourceUnits` and `targetUnits` say what they are made of
 */
export function translate(data: TaskSource, options: TaskOptions = {}): Promise<TrainedTask<string, Translation>> {
  return runTask(translateTask, data, options);
}

/**
 * Learns to write a text for a sound (`audio`: paths of WAV files), a sequence of numbers (`features`) or a text read letter by
 * letter (`text`: spelling to phonemes, say), in the same order, without being told which step is which unit.
 *
 * A recurrent layer that reads from both ends, connectionist temporal classification as its loss, prefix beam search. Figures:
 * word and character error rate, share of targets that are exactly right.
 *
 *   const task = await transcribe('words.csv', { text: 'word', target: 'phonemes', targetUnits: 'spaced' });
 *   await task.predict(['unrolled']);          // [{ text: 'AH N R OW L D', logProb }]
 *
 * @param data     a table with one of these columns and one of targets (`target`), made of `targetUnits`: chars, words, or spaced
 * @param options  `repeat`: outputs for each step of the input, of which each unit of a target needs one (default: as many as 99 of
 *   100 targets fit into, and for texts at least 2); sounds as in classify; see TaskOptions
 * @throws DataError  for a sound that cannot be read (unless skipUnreadable), naming it
 */
export function transcribe(
  data: TaskSource,
  options: TaskOptions = {},
): Promise<TrainedTask<TranscribeInput, Transcription>> {
  return runTask(transcribeTask, data, options);
}

/**
 * Learns to write words for a picture: `await task.predict(['cat.png'])`.
 *
 * A small convolutional net looks, a recurrent one writes, with attention over places of the picture. Figures: share of captions
 * that are exactly right, precision, recall and F1 of words, BLEU.
 *
 * @param data  a table with a column of paths of PNG files (`image`), relative to it, and one of captions (`text`); in records
 *   pictures may be bytes
 * @throws DataError  for a picture that cannot be read (unless skipUnreadable), naming it
 */
export function caption(data: TaskSource, options: TaskOptions = {}): Promise<TrainedTask<ImageInput, Caption>> {
  return runTask(captionTask, data, options);
}

/**
 * Learns to give a label to each word of a sentence.
 *
 * @param data     sentences as lists of words with as many tags: JSONL { "tokens": [...], "tags": [...] }, CoNLL columns, or records
 * @param options  `vectors`: word vectors to begin with, as in classify; see TaskOptions
 */
export function tag(
  data: TaskSource,
  options: TaskOptions = {},
): Promise<TrainedTask<string | readonly string[], Tagged>> {
  return runTask(tagTask, data, options);
}

/**
 * A task that was trained before.
 *
 * @param from  the folder it was saved to, as a path or a URL (in a page also opfs:/path or idb:/path); a zip of it, by a path or a
 *   URL that ends in ".zip", or as bytes; or its files
 * @throws FormatError  if it is damaged or of another version;  DataError  if there is none
 */
export async function loadTask(from: string | URL | Uint8Array | TaskFiles): Promise<TrainedTask> {
  const parts = await fromFiles(await filesOf(from), nameOf(from));
  const definition = taskNamed(parts.task) as TaskDefinition<unknown, Json, unknown, unknown>;
  const model = definition.build(parts.prep, parts.settings);
  model.loadStateDict(parts.weights);
  model.eval();
  return new TrainedTask(definition, { ...parts, model });
}

async function filesOf(from: string | URL | Uint8Array | TaskFiles): Promise<TaskFiles> {
  if (from instanceof Uint8Array) return unzipTask(from);
  if (!isPlace(from)) return from;
  return /\.zip([?#]|$)/i.test(String(from)) ? unzipTask(await readZip(from), String(from)) : readFiles(from);
}

const isPlace = (from: unknown): from is string | URL => typeof from === 'string' || from instanceof URL;
const nameOf = (from: string | URL | Uint8Array | TaskFiles) =>
  isPlace(from) ? String(from) : from instanceof Uint8Array ? 'the zip' : 'the files';
