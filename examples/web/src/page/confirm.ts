// A question that has to be answered before something is lost: a modal dialog, so that keyboard and screen reader are in it, Escape
// keeps what there is, and the focus goes back to where it was.
import { find, say } from './dom.js';

export type Answer = 'keep' | 'save' | 'replace';

let settle = (_: Answer) => {};

/** @param keeping  what the button says that changes nothing; it has the focus */
export function confirmLoss(title: string, text: string, keeping: string): Promise<Answer> {
  const dialog = find('question', HTMLDialogElement);
  // A second file was dropped on the question about the first: of that one nothing comes.
  settle('keep');
  say('question-title', title);
  say('question-text', text);
  say('question-keep', keeping);
  dialog.returnValue = 'keep';
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    settle = resolve;
    dialog.onclose = () => {
      const { returnValue } = dialog;
      // After Escape it is '' in some browsers, and what it was before in others.
      settle(returnValue === 'save' || returnValue === 'replace' ? returnValue : 'keep');
    };
  });
}
