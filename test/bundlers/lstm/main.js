// A page that needs one layer of the library.
import { LSTM, ready, zeros } from 'unrolled';

await ready();
globalThis.result = new LSTM({ inputSize: 2, hiddenSize: 3 }).forward(zeros([4, 1, 2])).output.shape;
