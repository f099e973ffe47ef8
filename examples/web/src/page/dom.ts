// Elements of index.html, found by id and known by their kind; and new ones.

/** @throws Error  for a page whose script and markup do not belong together */
export function find<E extends HTMLElement>(id: string, kind: new () => E): E {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`index.html has no ${kind.name} with the id "${id}"`);
}

export function say(id: string, text: string): void {
  const element = find(id, HTMLElement);
  // A screen reader would read the same once more.
  if (element.textContent !== text) element.textContent = text;
}

/** Whether a button does anything. It keeps the focus either way: who pressed Stop by keyboard is not thrown back to the top. */
export function enable(id: string, enabled: boolean): void {
  find(id, HTMLButtonElement).ariaDisabled = String(!enabled);
}

/** Does `run` when the button is pressed, unless it is not enabled. */
export function whenPressed(id: string, run: () => unknown): void {
  const button = find(id, HTMLButtonElement);
  button.addEventListener('click', () => button.ariaDisabled !== 'true' && run());
}

export function make<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * One after the other, each in a task and a frame of its own: between them the page scrolls, types and paints. The browser's work on
 * what a piece has changed (styles, layout, paint) is more than the piece's own, and is one task for all that changed in a frame.
 */
export async function inTasks(...pieces: readonly (() => void)[]): Promise<void> {
  for (const piece of pieces) {
    await nextFrame();
    piece();
  }
}

/** A page that is not seen has no frames, and one that is may be hidden while it waits for one. */
const UNSEEN_MS = 1000;

/** Behind the next frame's painting. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, document.hidden ? 0 : UNSEEN_MS);
  });
}
