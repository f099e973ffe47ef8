// A task of unrolled/tasks, loaded only when it is wanted: learns two words, and predicts the same after it was saved and loaded.
import { classify, loadTask } from 'unrolled/tasks';

export async function learn() {
  const rows = Array.from({ length: 40 }, (_, k) => ({
    text: k % 2 ? `good ${k}` : `bad ${k}`,
    label: k % 2 ? 'yes' : 'no',
  }));
  const task = await classify(rows, { epochs: 3, hidden: 8, seed: 1 });
  const texts = ['good', 'bad'];
  const before = await task.predict(texts);
  const after = await (await loadTask(task.files())).predict(texts);
  return { epochs: task.report.epochs, before, after };
}
