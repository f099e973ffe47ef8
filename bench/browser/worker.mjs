// browser/worker.mjs: what subject.mjs is in Node: one system that is set up, and run when asked. Inputs and results go over the
// server, as files of float32.
import { layoutOf, split } from '../inputs.mjs';
import { timed } from '../work/loop.mjs';
import { systems } from './systems.mjs';

let system;
let work;

const answers = {
  async open({ name, options }) {
    system = await systems[name](options);
    return system.info;
  },
  async setup(workload) {
    const inputs = new Float32Array(await (await fetch('/exchange/inputs')).arrayBuffer());
    work = await system.prepare(workload, split(layoutOf(workload), inputs));
    const [us] = await timed(work, 1, 1);
    await fetch('/exchange/results', {
      method: 'POST',
      body: new Blob(work.collect().map((array) => Float32Array.from(array))),
    });
    return { us };
  },
  async run({ samples, inner }) {
    const peak = system.peak?.();
    return { us: await timed(work, samples, inner), peak };
  },
};

addEventListener('message', async ({ data }) => {
  const [[command, given]] = Object.entries(data);
  try {
    postMessage(await answers[command](given));
  } catch (error) {
    postMessage({ error: `${error.name}: ${error.message}` });
  }
});
