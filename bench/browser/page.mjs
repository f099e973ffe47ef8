// browser/page.mjs: the script of page.html. The harness sends events: questions to subjects, which are workers of this page, and
// what to show.
import { figure, time } from '../units.mjs';

const [button, download, progress, notes, bars, tables] = ['run', 'rows', 'progress', 'notes', 'bars', 'tables'].map(
  (id) => document.getElementById(id),
);
const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) });

// ---- subjects --------------------------------------------------------------------------------------------------------

const workers = new Map();

function ask({ subject, question, command }) {
  let worker = workers.get(subject);
  if (!worker) {
    worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });
    workers.set(subject, worker);
  }
  worker.onmessage = ({ data }) => post('/page/answer', { question, answer: data });
  worker.onerror = ({ message }) =>
    post('/page/answer', { question, answer: { error: message || 'the worker could not be loaded' } });
  worker.postMessage(command);
}

function stop(subject) {
  workers.get(subject)?.terminate();
  workers.delete(subject);
}

// ---- what is shown ---------------------------------------------------------------------------------------------------

let rows = [];

function tableOf(caption, head, lines) {
  const table = document.createElement('table');
  table.createCaption().textContent = caption;
  const header = table.createTHead().insertRow();
  for (const text of head) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = text;
    header.append(cell);
  }
  const body = table.createTBody();
  for (const line of lines) {
    const row = body.insertRow();
    for (const text of line) row.insertCell().textContent = text;
  }
  return table;
}

const show = {
  begin() {
    rows = [];
    for (const element of [notes, bars, tables]) element.replaceChildren();
    for (const element of [download, bars, tables]) element.hidden = true;
    button.disabled = true;
  },
  progress(text) {
    progress.textContent = text;
  },
  notes(lines) {
    for (const line of lines) {
      const item = document.createElement('li');
      item.textContent = line;
      notes.append(item);
    }
  },
  rows(more) {
    rows.push(...more);
    const lines = more.map((row) => [
      row.subject,
      time(row.us_median),
      time(row.us_min),
      row.gflops.toFixed(1),
      row.ratio === null ? '' : row.ratio.toFixed(2),
      row.ratio === null ? '' : `${row.ratio_low.toFixed(2)} to ${row.ratio_high.toFixed(2)}`,
    ]);
    const head = ['subject', 'median', 'least', 'GFLOP/s', 'time / simd128', 'middle half'];
    tables.append(tableOf(more[0]?.workload ?? '', head, lines));
    tables.hidden = false;
  },
  bars(list) {
    const lines = list.flatMap(({ name, wanted, found }) =>
      found.length === 0
        ? [[name, wanted, '', 'not measured', '']]
        : found.map((one) => [name, wanted, figure(one.measured), one.reached ? 'met' : 'missed', one.subject]),
    );
    bars.replaceChildren(tableOf('Promised', ['promise', 'wanted', 'measured', 'met?', 'subject'], lines));
    bars.hidden = false;
  },
  end(text) {
    progress.textContent = text;
    button.disabled = false;
    if (rows.length === 0) return;
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
    URL.revokeObjectURL(download.href);
    download.href = URL.createObjectURL(new Blob(lines, { type: 'application/jsonl' }));
    download.hidden = false;
  },
  ask,
  stop,
};

const events = new EventSource('/page/events');
events.onmessage = ({ data }) => {
  for (const [what, value] of Object.entries(JSON.parse(data))) show[what](value);
};
events.onerror = () => {
  progress.textContent = 'The harness has ended: start "npm run bench -- --page" again.';
};
button.addEventListener('click', () => post('/page/run', {}));
