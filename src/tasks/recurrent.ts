// The recurrent layer that a task's settings name.
import { GRU, LSTM, RNN } from '../layers/recurrent.js';
import type { Settings } from './definition.js';

export type Recurrent = RNN | LSTM | GRU;

const LAYERS = { rnn: RNN, lstm: LSTM, gru: GRU } as const;

/** Time first, `settings.layers` deep, with dropout between layers where there are several. */
export function recurrent(settings: Settings, inputSize: number): Recurrent {
  const { cell, hidden, layers, bidirectional, dropout } = settings;
  return new LAYERS[cell]({
    inputSize,
    hiddenSize: hidden,
    numLayers: layers,
    bidirectional,
    dropout: layers > 1 ? dropout : 0,
    // What is read early is not forgotten before anything is learnt (Jozefowicz et al. 2015).
    ...(cell === 'lstm' && { forgetBias: 1 }),
  });
}
