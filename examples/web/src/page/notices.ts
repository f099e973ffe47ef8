// Messages to the visitor: what went wrong and what to do about it, or what was guessed. Each stays until it is closed.
import { find, make } from './dom.js';

export interface Action {
  readonly name: string;
  readonly run: () => void;
}

const shown = new Map<string, HTMLElement>();

/** @param key  a message with the same key takes its place; default: its text */
export function notice(
  kind: 'error' | 'info',
  text: string,
  options: { key?: string; actions?: readonly Action[] } = {},
): void {
  const { key = text, actions = [] } = options;
  withdraw(key);
  const close = make('button', { type: 'button' }, 'Close');
  const buttons = make('span', { class: 'buttons' });
  const message = make('div', { class: `message ${kind}` }, make('p', {}, text), buttons);
  for (const { name, run } of actions) {
    const button = make('button', { type: 'button' }, name);
    button.addEventListener('click', () => {
      withdraw(key);
      run();
    });
    buttons.append(button);
  }
  close.addEventListener('click', () => withdraw(key));
  buttons.append(close);
  find(kind === 'error' ? 'alerts' : 'infos', HTMLElement).append(message);
  shown.set(key, message);
}

export function withdraw(key: string): void {
  shown.get(key)?.remove();
  shown.delete(key);
}

/** What went wrong, in the words of who found it. */
export const complain = (error: unknown): void =>
  notice('error', error instanceof Error ? error.message : String(error), { key: 'failure' });
