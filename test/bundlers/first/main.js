// How long it takes from import to the first prediction, and from navigation to it.
const begun = performance.now();
const { LSTM, noGrad, ready, zeros } = await import('unrolled');
await ready();
const lstm = new LSTM({ inputSize: 16, hiddenSize: 32 });
const [first] = noGrad(() => lstm.forward(zeros([10, 1, 16])).output).toArray();
const ended = performance.now();
globalThis.result = { first, sinceImport: ended - begun, sinceNavigation: ended };
