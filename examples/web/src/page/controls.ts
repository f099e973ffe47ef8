// The form: settings in and out of it, and what is wrong with them.
import {
  CELLS,
  type Cell,
  complaint,
  LIMITS,
  type NumberName,
  PRESETS,
  type Settings,
  type TaskName,
} from '../shared/settings.js';
import { find, say } from './dom.js';

const NUMBERS = Object.keys(LIMITS) as NumberName[];
const SHORT: Readonly<Record<NumberName, string>> = {
  hidden: 'Hidden size',
  layers: 'Layers',
  lr: 'Learning rate',
  clip: 'Clip norm',
  window: 'BPTT steps',
  batch: 'Batch',
  length: 'Sequence length',
  forgetBias: 'Forget bias',
  seed: 'Seed',
  steps: 'Updates',
};

export class Controls {
  readonly form = find('controls', HTMLFormElement);

  constructor() {
    for (const name of NUMBERS) {
      const { min, max } = LIMITS[name];
      const input = this.#input(name);
      input.min = String(min);
      input.max = String(max);
      input.setAttribute('aria-describedby', 'complaint');
    }
    this.form.addEventListener('submit', (event) => event.preventDefault());
  }

  #input(name: NumberName): HTMLInputElement {
    return find(name, HTMLInputElement);
  }

  #radios(): HTMLInputElement[] {
    return [...this.form.querySelectorAll<HTMLInputElement>('input[name="task"]')];
  }

  #checkboxes(): HTMLInputElement[] {
    return [...this.form.querySelectorAll<HTMLInputElement>('input[name="cell"]')];
  }

  get task(): TaskName {
    return (this.#radios().find(({ checked }) => checked)?.value ?? 'copy') as TaskName;
  }

  /** Fills the form. */
  show(settings: Settings): void {
    for (const radio of this.#radios()) radio.checked = radio.value === settings.task;
    for (const box of this.#checkboxes()) box.checked = settings.cells.includes(box.value as Cell);
    for (const name of NUMBERS) this.#input(name).value = String(settings[name]);
    say('length-name', settings.task === 'copy' ? 'Silent steps' : 'Sequence length');
    this.read();
  }

  /** What a task begins with; the cells stay as they are chosen. */
  showPreset(task: TaskName): void {
    const cells = this.#cells();
    this.show({ ...PRESETS[task], ...(cells.length > 0 && { cells }) });
  }

  #cells(): Cell[] {
    const chosen = this.#checkboxes().flatMap(({ checked, value }) => (checked ? [value] : []));
    return CELLS.filter((cell) => chosen.includes(cell));
  }

  /** The settings as they stand; null, and said beside them, if something is wrong. */
  read(): Settings | null {
    const numbers: Partial<Record<NumberName, number>> = {};
    const complaints: string[] = [];
    for (const name of NUMBERS) {
      const input = this.#input(name);
      const value = input.value.trim() === '' ? Number.NaN : Number(input.value);
      const wrong = complaint(name, value);
      input.setAttribute('aria-invalid', String(wrong !== null));
      if (wrong !== null) complaints.push(`${SHORT[name]} ${wrong}.`);
      numbers[name] = value;
    }
    const cells = this.#cells();
    const noCell = find('cells-complaint', HTMLElement);
    noCell.hidden = cells.length > 0;
    noCell.textContent = cells.length > 0 ? '' : 'Choose at least one cell.';
    say('complaint', complaints.join(' '));
    if (complaints.length > 0 || cells.length === 0) return null;
    return { task: this.task, cells, ...(numbers as Record<NumberName, number>) };
  }

  /** Sizes belong to the nets that are there. */
  hold(held: boolean): void {
    for (const fieldset of this.form.querySelectorAll<HTMLFieldSetElement>('fieldset.held')) fieldset.disabled = held;
    find('held-hint', HTMLElement).hidden = !held;
  }
}
