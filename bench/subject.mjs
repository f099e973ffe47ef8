// subject.mjs: a child process that runs one system. The parent speaks lines of JSON to it and gets lines back, one command at
// a time, so that systems can take turns on the same cores. peers/pytorch.py speaks the same three commands:
//   { setup: workload, file }  ->  { check: [...] }      reads inputs and weights, runs once, answers figures to compare
//   { run: n }                 ->  { us: [...] }         n timed runs
//   end of input               ->  exits
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as u from 'unrolled';
import { splitInputs, summarise } from './inputs.mjs';
import { measurePeak } from './peak.mjs';

const { values } = parseArgs({
  options: { backend: { type: 'string' }, threads: { type: 'string' }, simd: { type: 'string' } },
});
await u.ready({ backend: values.backend, threads: Number(values.threads), ...(values.simd && { simd: values.simd }) });
const info = { ...u.backendInfo(), peak: measurePeak() };

const LAYERS = { rnn: u.RNN, lstm: u.LSTM, gru: u.GRU };

/** The work of one workload, as a function without arguments that returns what is compared between systems. */
function prepare(workload, parts) {
  if (workload.kind === 'gemm') {
    const { M, N, K } = workload;
    const a = u.tensor(parts.a, [M, K]);
    const b = u.tensor(parts.b, [K, N]);
    return () => u.scope(() => u.noGrad(() => ({ output: a.matmul(b), grads: [] })).output.data[0]);
  }
  const { I, H, T, B, gates, cell, mode } = workload;
  const layer = new LAYERS[cell]({ inputSize: I, hiddenSize: H });
  layer.loadStateDict({
    weight_ih_l0: u.tensor(parts.w_ih, [gates * H, I]),
    weight_hh_l0: u.tensor(parts.w_hh, [gates * H, H]),
    bias_ih_l0: u.tensor(parts.b_ih, [gates * H]),
    bias_hh_l0: u.tensor(parts.b_hh, [gates * H]),
  });
  const x = u.tensor(parts.x, [T, B, I], { requiresGrad: mode === 'train' });
  if (mode === 'infer') return () => u.noGrad(() => layer.forward(x).output);
  const dy = u.tensor(parts.dy, [T, B, H]);
  return () => {
    for (const p of layer.parameters()) p.grad = null;
    x.grad = null;
    const { output } = layer.forward(x);
    output.backward(dy);
    return { output, x, layer };
  };
}

/** Figures by which two systems are compared before either is timed. */
function figures(workload, result) {
  if (workload.kind === 'gemm') return [result];
  if (workload.mode === 'infer') return summarise(result.data);
  const { output, x, layer } = result;
  const grads = Object.fromEntries(layer.namedParameters());
  return [output, x.grad, grads.weight_ih_l0.grad, grads.weight_hh_l0.grad].flatMap((t) => summarise(t.data));
}

let run;
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  if (command.setup) {
    run = prepare(command.setup, splitInputs(command.setup, readFileSync(command.file)));
    answer = { check: figures(command.setup, run()), info };
  } else {
    const us = [];
    for (let k = 0; k < command.run; k++) {
      const start = process.hrtime.bigint();
      run();
      us.push(Number(process.hrtime.bigint() - start) / 1e3);
    }
    answer = { us };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
