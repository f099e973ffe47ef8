// What must not compile. Checked by types.test.ts: a line below @ts-expect-error that does compile is an error itself.
import * as u from '../../src/index.js';

export function misuse(x: u.Tensor, lstm: u.LSTM, gru: u.GRU): void {
  // @ts-expect-error a misspelt option
  new u.LSTM({ inputSize: 3, hiddensize: 4 });
  // @ts-expect-error a required option is missing
  new u.GRU({ inputSize: 3 });
  // @ts-expect-error sizes are numbers
  new u.Linear({ inFeatures: '3', outFeatures: 4 });
  // @ts-expect-error RNN's nonlinearity is tanh or relu
  new u.RNN({ inputSize: 3, hiddenSize: 4, nonlinearity: 'sigmoid' });
  // @ts-expect-error an LSTM has no resetAfter
  new u.LSTM({ inputSize: 3, hiddenSize: 4, resetAfter: false });
  // @ts-expect-error there is no such dtype
  u.tensor([1, 2], [2], { dtype: 'float64' });
  // @ts-expect-error a tensor is not an array
  lstm.forward([[1, 2, 3]]);
  // @ts-expect-error a state is an object with h
  lstm.forward(x, { state: x });
  // @ts-expect-error forward's second argument holds options, not lengths
  gru.forward(x, [3, 2]);
  // @ts-expect-error a tensor's shape is read only
  x.shape[0] = 7;
  // @ts-expect-error a GRU's state has no c to compute with
  gru.forward(x).state.c.sum();
  // @ts-expect-error there is no such reduction
  u.crossEntropy(x, x, { reduction: 'average' });
  // @ts-expect-error there is no such backend
  u.ready({ backend: 'webgpu' });
  // @ts-expect-error an optimiser needs parameters, not a layer
  new u.Adam(lstm);
  // @ts-expect-error SGD has no betas
  new u.SGD(lstm.parameters(), { lr: 0.1, betas: [0.9, 0.999] });
  // @ts-expect-error there is no such loss
  u.fit(lstm, [], { loss: 'cross_entropy', optimizer: new u.Adam(lstm.parameters()) });
  // @ts-expect-error truncated BPTT needs k1
  u.fit(lstm, [], { loss: 'mse', optimizer: new u.Adam(lstm.parameters()), tbptt: { k2: 5 } });
  // @ts-expect-error time is axis 0 or 1
  u.evaluate(lstm, [], { loss: 'mse', tbptt: { k1: 5, timeAxis: 2 } });
  // @ts-expect-error a checkpoint needs a path
  u.fit(lstm, [], { loss: 'mse', optimizer: new u.Adam(lstm.parameters()), checkpoint: { every: 5 } });
  // @ts-expect-error a store must be written to as well
  u.io.saveCheckpoint({ read: () => null }, { model: lstm });
  // @ts-expect-error what a checkpoint keeps is JSON
  u.io.saveCheckpoint(null, { model: lstm, extra: () => 1 });
  // @ts-expect-error states of an LSTM and of a GRU are not of one layer
  u.RecurrentState.concat<u.Tensor>([lstm.forward(x).state, gru.forward(x).state]);
  // @ts-expect-error a model needs a forward
  new (class extends u.Module {})();
  // @ts-expect-error a GRU has no peepholes
  new u.GRU({ inputSize: 3, hiddenSize: 4, peephole: true });
  // @ts-expect-error a GRU has one state to zone out
  new u.GRU({ inputSize: 3, hiddenSize: 4, zoneout: { h: 0.1, c: 0.1 } });
  // @ts-expect-error an RNN has no gates whose activation could be chosen
  new u.RNN({ inputSize: 3, hiddenSize: 4, activations: { gate: 'sigmoid' } });
  // @ts-expect-error there is no such activation
  new u.LSTM({ inputSize: 3, hiddenSize: 4, activations: { gate: 'gelu' } });
  // @ts-expect-error parameters of an activation have its name beside them
  new u.LSTM({ inputSize: 3, hiddenSize: 4, activations: { gate: { alpha: 0.2 } } });
  // @ts-expect-error directions are not merged by multiplication
  new u.MGU({ inputSize: 3, hiddenSize: 4, bidirectional: true, merge: 'product' });
  // @ts-expect-error an initialiser of the input is not orthogonal
  new u.LSTM({ inputSize: 3, hiddenSize: 4, init: { input: 'orthogonal' } });
  // @ts-expect-error recompute is a number of steps or 'sqrt'
  new u.IndRNN({ inputSize: 3, hiddenSize: 4, recompute: 'log' });
  // @ts-expect-error T and B are both needed
  u.planMemory(lstm, { T: 5 });
  // @ts-expect-error an MGU's state has no c
  new u.MGU({ inputSize: 3, hiddenSize: [4, 5] }).forward(x).state.c.sum();
  // @ts-expect-error a diagnosis needs a loss
  u.diagnose(lstm, { x, y: x }, {});
  // @ts-expect-error Jacobians are asked for by row and probes
  u.diagnose(lstm, { x, y: x }, { loss: 'mse', jacobian: 3 });
  // @ts-expect-error what an update is wrapped in returns what the update came to
  u.fit(lstm, [], { loss: 'mse', optimizer: new u.Adam(lstm.parameters()), callbacks: { aroundStep() {} } });
  // An LSTM's state has a c, without asking whether it is there.
  lstm.forward(x).state.c.sum();
}
