// Recurrent layers once more, as a loop of elementary ops with autograd: what each option means, written from the equations and
// apart from the kernels. One layer, one direction.
import * as u from '../../src/node.js';

/** Options of a layer that change what a step computes. */
export interface LoopOptions {
  readonly hiddenSize: number;
  readonly resetAfter?: boolean;
  readonly nonlinearity?: 'tanh' | 'relu';
  readonly projSize?: number;
  readonly peephole?: boolean;
  readonly coupled?: boolean;
  readonly cellClip?: number;
  readonly layerNorm?: boolean;
  readonly activations?: u.CellActivations;
  /** As in evaluation: the expectation. */
  readonly zoneout?: number | { readonly h?: number; readonly c?: number };
  readonly goBackwards?: boolean;
}

type Layer = u.RNN | u.LSTM | u.GRU | u.MGU | u.IndRNN;
type Fn = (x: u.Tensor) => u.Tensor;

const negative: Fn = (x) => u.relu(x.neg());

function activation(option: u.ActivationOption): Fn {
  const { name, alpha, beta } = {
    alpha: undefined,
    beta: undefined,
    ...(typeof option === 'string' ? { name: option } : option),
  };
  const table: Record<u.ActivationName, Fn> = {
    sigmoid: u.sigmoid,
    tanh: u.tanh,
    relu: u.relu,
    hardSigmoid: (x) => {
      const line = x.mul(alpha ?? 0.2).add(beta ?? 0.5);
      return u.relu(line).sub(u.relu(line.sub(1)));
    },
    affine: (x) => x.mul(alpha ?? 1).add(beta ?? 0),
    leakyRelu: (x) => u.relu(x).sub(negative(x).mul(alpha ?? 0.01)),
    // x where x > a: 1 or 0, times x.
    thresholdedRelu: (x) =>
      x.mul(
        u.tensor(
          x.toArray().map((v) => (v > (alpha ?? 1) ? 1 : 0)),
          x.shape,
        ),
      ),
    scaledTanh: (x) => u.tanh(x.mul(beta ?? 1)).mul(alpha ?? 1),
    elu: (x) =>
      u.relu(x).add(
        u
          .exp(negative(x).neg())
          .sub(1)
          .mul(alpha ?? 1),
      ),
    softsign: (x) => x.div(u.abs(x).add(1)),
    softplus: (x) => u.log(u.exp(x).add(1)),
  };
  return table[name];
}

/** Layer 0 of `layer` over x [T, B, I] from zero states, all rows of length T: outputs [T, B, R], h and c [B, .]. */
export function unrolledLoop(layer: Layer, x: u.Tensor, options: LoopOptions) {
  const [T, B] = x.shape as [number, number];
  const H = options.hiddenSize;
  const R = options.projSize || H;
  const weight = (name: string): u.Tensor | undefined => (layer as unknown as Record<string, u.Tensor>)[`${name}_l0`];
  const norm = (v: u.Tensor, gain: u.Tensor | undefined, shift?: u.Tensor) =>
    options.layerNorm ? u.layerNorm(v, { weight: gain as u.Tensor, bias: shift ?? null }) : v;
  const part = (v: u.Tensor, from: number, to = from + 1) => v.slice(from * H, to * H, -1);
  const [wIh, wHh, bIh, bHh] = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map(weight);
  const [lnIh, lnHh] = [weight('weight_ln_ih'), weight('weight_ln_hh')];
  const plus = (v: u.Tensor, bias: u.Tensor | undefined) => (bias ? v.add(bias) : v);
  const fromInput = (xt: u.Tensor) => plus(norm(u.linear(xt, wIh as u.Tensor), lnIh), bIh);
  /** The gates from..to-1 of the recurrent product with v: they are normalised together. */
  const fromPast = (v: u.Tensor, from: number, to: number) => {
    const rows = (t: u.Tensor | undefined) => t?.slice(from * H, to * H);
    return plus(norm(u.linear(v, rows(wHh) as u.Tensor), rows(lnHh)), rows(bHh));
  };

  const own = layer instanceof u.IndRNN ? 'relu' : 'tanh';
  const gate = activation(options.activations?.gate ?? 'sigmoid');
  const candidate = activation(options.activations?.candidate ?? options.nonlinearity ?? own);
  const output = activation(options.activations?.output ?? 'tanh');
  const { zoneout = 0 } = options;
  const rates = typeof zoneout === 'number' ? { h: zoneout, c: zoneout } : { h: 0, c: 0, ...zoneout };
  const zoned = (next: u.Tensor, old: u.Tensor, rate: number) => next.mul(1 - rate).add(old.mul(rate));

  let [h, c] = [u.zeros([B, R]), u.zeros([B, H])];
  const step = (xt: u.Tensor): [u.Tensor, u.Tensor] => {
    const gx = fromInput(xt);
    if (layer instanceof u.LSTM) {
      const G = options.coupled ? 3 : 4;
      const gh = fromPast(h, 0, G);
      const sum = (k: number) => part(gx, k).add(part(gh, k));
      const peep = weight('weight_ch');
      const see = (v: u.Tensor, k: number, state: u.Tensor) =>
        peep ? v.add(state.mul(peep.slice(k * H, (k + 1) * H))) : v;
      const i = gate(see(sum(0), 0, c));
      const f = options.coupled ? i.neg().add(1) : gate(see(sum(1), 1, c));
      let next = f.mul(c).add(i.mul(candidate(sum(G - 2))));
      const clip = options.cellClip;
      if (clip)
        next = u
          .relu(next.add(clip))
          .sub(u.relu(next.sub(clip)))
          .sub(clip);
      const o = gate(see(sum(G - 1), G - 2, next));
      const m = o.mul(output(norm(next, weight('weight_ln_c'), weight('bias_ln_c'))));
      const wHr = weight('weight_hr');
      return [wHr ? u.linear(m, wHr) : m, next];
    }
    if (layer instanceof u.GRU && (options.resetAfter ?? true)) {
      const gh = fromPast(h, 0, 3);
      const [r, z] = [0, 1].map((k) => gate(part(gx, k).add(part(gh, k)))) as [u.Tensor, u.Tensor];
      const n = candidate(part(gx, 2).add(r.mul(part(gh, 2))));
      return [n.add(z.mul(h.sub(n))), c];
    }
    if (layer instanceof u.GRU) {
      const gh = fromPast(h, 0, 2);
      const [r, z] = [0, 1].map((k) => gate(part(gx, k).add(part(gh, k)))) as [u.Tensor, u.Tensor];
      const n = candidate(part(gx, 2).add(fromPast(r.mul(h), 2, 3)));
      return [n.add(z.mul(h.sub(n))), c];
    }
    if (layer instanceof u.MGU) {
      const f = gate(part(gx, 0).add(fromPast(h, 0, 1)));
      const n = candidate(part(gx, 1).add(fromPast(f.mul(h), 1, 2)));
      return [h.add(f.mul(n.sub(h))), c];
    }
    const recurrent = layer instanceof u.IndRNN ? h.mul(wHh as u.Tensor) : fromPast(h, 0, 1);
    return [candidate(gx.add(recurrent)), c];
  };

  const outputs: u.Tensor[] = new Array(T);
  for (let s = 0; s < T; s++) {
    const t = options.goBackwards ? T - 1 - s : s;
    const [hNext, cNext] = step(x.select(t));
    [h, c] = [zoned(hNext, h, rates.h), zoned(cNext, c, rates.c)];
    outputs[t] = h;
  }
  return { output: u.stack(outputs), h, c };
}
