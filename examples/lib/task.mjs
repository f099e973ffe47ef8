// What examples that train tasks do alike: start a backend, follow a training, draw curves.
import path from 'node:path';
import Table from 'cli-table3';
import * as u from 'unrolled';
import { toHTML, toSVG } from 'unrolled/plot';
import { outFolder, writeWhole } from './cache.mjs';

/** Options that every such example has; `readOptions` takes them. */
export const common = {
  pytorch: { type: 'boolean', default: false },
  backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
  threads: { type: 'string', default: '2', atLeast: 1 },
};
export const commonHelp = `  --pytorch         time the same training in PyTorch, too (needs python3-torch)
  --backend NAME    native, wasm, reference or auto (default: the fastest there is)
  --threads N       (default 2)
  --help`;

/** Says what runs the kernels, and why nothing faster does. Without `threads`: as many as the backend takes by itself. */
export async function start({ backend, threads }) {
  const { name, simd, threads: used, tried } = await u.ready({ backend, ...(threads && { threads }) });
  console.log(`unrolled on ${name} (${simd}), ${used} ${used === 1 ? 'thread' : 'threads'}`);
  // An addon that is older than the library is passed over: nobody should have to wonder why it is slow.
  for (const { ok, backend: faster, reason, remedy } of tried) {
    if (!ok) console.error(`${faster} is faster, but cannot be used: ${reason}${remedy ? `; ${remedy}` : ''}`);
  }
}

/** Options of a task that tell its epochs, a line each. */
export function follow(label) {
  const start = Date.now();
  return {
    say: (line) => console.log(`  ${line}`),
    onEpoch({ epoch, loss, validation, seconds }) {
      const held = validation ? `, validation ${validation.loss.toFixed(3)}` : '';
      const all = ((Date.now() - start) / 1000).toFixed(0);
      console.log(
        `  ${label} epoch ${epoch}: loss ${loss.toFixed(3)}${held}, ${seconds.toFixed(1)} s (${all} s in all)`,
      );
    },
  };
}

export function table(head, rows) {
  const view = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: head.map((_, k) => (k === 0 ? 'left' : 'right')),
  });
  view.push(...rows);
  return view.toString();
}

const axis = { labelColor: 'currentColor', titleColor: 'currentColor', gridOpacity: 0.2 };

/**
 * Lines over epochs as a Vega-Lite specification.
 *
 * @param {{ epoch: number, value: number, what: string }[]} values
 */
export function curves(values, { title, y, description }) {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: title, color: 'currentColor', anchor: 'start' },
    description,
    width: 560,
    height: 280,
    data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'epoch', type: 'quantitative', axis: { ...axis, tickMinStep: 1 } },
      y: { field: 'value', type: 'quantitative', title: y, scale: { zero: false }, axis },
      color: { field: 'what', type: 'nominal', title: null, legend: { labelColor: 'currentColor' } },
    },
    config: { background: null, view: { stroke: null } },
  };
}

/** Writes out/NAME/index.html and an SVG for each picture; returns the path of the page. */
export async function savePictures(name, title, specs) {
  const folder = outFolder(name);
  for (const [k, spec] of specs.entries()) {
    await writeWhole(path.join(folder, `${name}${specs.length > 1 ? k + 1 : ''}.svg`), await toSVG(spec));
  }
  const page = path.join(folder, 'index.html');
  await writeWhole(page, await toHTML(specs, { title }));
  return page;
}
