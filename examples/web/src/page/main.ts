// The page: connects the form, the playground and its views.
import { Controls } from './controls.js';
import { Curves } from './curves.js';
import { find, inTasks, say, whenPressed } from './dom.js';
import { Engine } from './engine.js';
import { takeFiles } from './files.js';
import { gatePieces } from './gates.js';
import { redrawMs, startTheme } from './looks.js';
import { Microscope } from './microscope.js';
import { startOffline } from './offline.js';
import { canShareMemory, Playground } from './playground.js';
import { TaskView } from './task-view.js';

/** Between two questions about gates and views while training goes on. */
const LOOK_MS = 1500;
/** After the last key. */
const TYPING_MS = 300;

const engine = new Engine();
const controls = new Controls();
const curves = new Curves(() => draw());
const microscope = new Microscope(() => draw());
const taskView = new TaskView();
const playground = new Playground(engine, controls, () => {
  isStale = true;
  if (playground.phase === seenPhase) return;
  seenPhase = playground.phase;
  // What has come to rest is shown as it is, without waiting for the next look.
  if (seenPhase !== 'running') setTimeout(look);
});
let seenPhase = playground.phase;

// ---- what is drawn, and when ----

let isStale = true;
let drawing: Promise<void> | null = null;

async function draw(): Promise<void> {
  await drawing;
  const { shown } = playground;
  if (shown === null) return;
  isStale = false;
  const { history, description, speed, failed } = shown;
  drawing ??= inTasks(
    ...curves.pieces(history, description, speed, failed),
    ...microscope.pieces(history, description),
  );
  await drawing;
  drawing = null;
}

async function redrawWhenStale(): Promise<void> {
  if (isStale) await draw();
  setTimeout(redrawWhenStale, redrawMs());
}

/** What has to be asked of the nets themselves. One look at a time. */
let looking: Promise<void> | null = null;

async function look(): Promise<void> {
  await looking;
  looking ??= lookOnce();
  await looking;
  looking = null;
}

async function lookOnce(): Promise<void> {
  if (playground.shown === null) return;
  const { step } = playground;
  const text = find('sentence', HTMLInputElement).value;
  const prompt = find('prompt', HTMLInputElement).value;
  const temperature = find('temperature', HTMLInputElement).valueAsNumber;
  try {
    const view = await engine.ask('view', { prompt, temperature });
    taskView.draw(view);
    const gates = await engine.ask('gates', { text });
    await inTasks(...gatePieces(gates));
    find('views', HTMLElement).dataset.step = String(step);
  } catch {
    // The worker has died meanwhile: the next look asks its successor.
  }
}

function lookNowAndThen(): void {
  if (playground.phase === 'running') void look();
  setTimeout(lookNowAndThen, LOOK_MS);
}

/** `run` when nothing has happened for a while. */
function afterTyping(run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, TYPING_MS);
  };
}

// ---- what the visitor does ----

const on = (id: string, type: string, run: () => unknown) => find(id, HTMLElement).addEventListener(type, run);
whenPressed('train', () => playground.press());
whenPressed('stop', () => playground.stop());
whenPressed('reset', () => playground.reset());
whenPressed('save', () => playground.save());
whenPressed('restart', () => playground.restart());
whenPressed('own-off', () => playground.forgetSource());
on('threads', 'change', () => playground.open(Number(find('threads', HTMLSelectElement).value)));
for (const id of ['sentence', 'prompt', 'temperature']) on(id, 'input', afterTyping(look));
on('temperature', 'input', () => say('temperature-value', find('temperature', HTMLInputElement).value));
for (const id of ['lr', 'clip']) on(id, 'change', () => playground.adjust());
const describeSoon = afterTyping(() => playground.describe());
controls.form.addEventListener('input', ({ target }) => {
  controls.read();
  if ((target as HTMLInputElement).name === 'task') {
    controls.showPreset(controls.task);
    showSentence();
  }
  describeSoon();
});
takeFiles(async (file) => (await playground.openFile(file)) && showSentence());

/** Words and characters are typed; other tasks have an example of their own. */
function showSentence(): void {
  find('sentence-label', HTMLElement).hidden = !['reviews', 'text'].includes(controls.task);
}

// ---- the start ----

startTheme(() => {
  curves.repaint();
  taskView.repaint();
});
controls.showPreset('copy');
showSentence();
taskView.draw(null);
void inTasks(...gatePieces(null));
say(
  'threads-why',
  canShareMemory()
    ? 'Threads pay for large nets; small ones are as fast with one.'
    : 'One thread: this page was served without the headers Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy, so the browser gives it no SharedArrayBuffer.',
);
void redrawWhenStale();
lookNowAndThen();
await playground.open(1);
await playground.describe();
await playground.offer();
void startOffline();
