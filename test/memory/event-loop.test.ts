// Training leaves the process alive: while fit runs, timers keep firing.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

class Classifier extends u.Module {
  lstm = new u.LSTM({ inputSize: 4, hiddenSize: 16 });
  head = new u.Linear({ inFeatures: 16, outFeatures: 2 });

  override forward(x: u.Tensor): u.Tensor {
    const { state } = this.lstm.forward(x);
    return this.head.forward(state.h.reshape([x.shape[1] as number, 16]));
  }
}

describeBackends('the event loop', () => {
  it('turns between batches: a timer fires all through fit', async () => {
    const model = new Classifier();
    const batch = { x: u.uniform([10, 8, 4], -1, 1), y: u.tensor([0, 1, 0, 1, 1, 0, 0, 1], [8], { dtype: 'int32' }) };
    let last = performance.now();
    let longest = 0;
    let fired = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      fired++;
    }, 1);
    const started = performance.now();
    try {
      // Half a second of batches, however fast the backend is.
      const batches = function* () {
        while (performance.now() - started < 500) yield batch;
      };
      await u.fit(model, batches, { loss: 'crossEntropy', optimizer: new u.Adam(model.parameters()) });
    } finally {
      clearInterval(timer);
    }
    // A turn is due after 8 ms of work; on a busy machine others take the processor away in between. Without turns the timer
    // would fire once, after half a second.
    expect(fired).toBeGreaterThan(5);
    expect(longest).toBeLessThan(250);
  });
});
