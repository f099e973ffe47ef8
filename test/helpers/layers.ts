// Every kind of recurrent layer, to go through in tests.
import * as u from '../../src/node.js';

export type Layer = u.RNN | u.LSTM | u.GRU | u.MGU;
export type LayerOptions = { numLayers?: number; bidirectional?: boolean; batchFirst?: boolean; bias?: boolean };

/** What makes a layer of each kind, by a name for messages. */
export const recurrentLayers = (
  inputSize: number,
  hiddenSize: number,
): Record<string, (options: LayerOptions) => Layer> => {
  const sizes = { inputSize, hiddenSize };
  return {
    'RNN (tanh)': (options) => new u.RNN({ ...sizes, ...options }),
    'RNN (relu)': (options) => new u.RNN({ ...sizes, nonlinearity: 'relu', ...options }),
    LSTM: (options) => new u.LSTM({ ...sizes, ...options }),
    GRU: (options) => new u.GRU({ ...sizes, ...options }),
    'GRU (reset before)': (options) => new u.GRU({ ...sizes, resetAfter: false, ...options }),
    'LSTM (coupled)': (options) => new u.LSTM({ ...sizes, coupled: true, ...options }),
    MGU: (options) => new u.MGU({ ...sizes, ...options }),
  };
};
