// A task of unrolled/tasks, loaded only when it is wanted: learns two words, and predicts the same after it was saved and loaded.
import { classify, loadTask } from 'unrolled/tasks';

export const TEXTS = ['good', 'bad'];
export const ROWS = Array.from({ length: 40 }, (_, k) => ({
  text: k % 2 ? `good ${k}` : `bad ${k}`,
  label: k % 2 ? 'yes' : 'no',
}));
export const OPTIONS = { epochs: 3, hidden: 8, seed: 1 };

export async function learn() {
  const task = await classify(ROWS, OPTIONS);
  const before = await task.predict(TEXTS);
  const after = await (await loadTask(task.files())).predict(TEXTS);
  return { epochs: task.report.epochs, before, after };
}
