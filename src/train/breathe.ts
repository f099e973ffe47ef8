// Gives the event loop a turn between batches, so that timers fire, sockets are served and pages stay alive.

/** Work that may pass before the loop gets its turn: half a frame at 60 Hz. */
const MAX_WORK_MS = 8;

/** A function to await between pieces of work. It costs nothing until MAX_WORK_MS have passed since the last turn. */
export function makeBreather(): () => Promise<void> | undefined {
  let turn = performance.now();
  return () => {
    if (performance.now() - turn < MAX_WORK_MS) return undefined;
    return nextTurn().then(() => {
      turn = performance.now();
    });
  };
}

/**
 * Resolves after everything else that is due has run. A promise alone would not do: microtasks go before all timers.
 */
function nextTurn(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  // setTimeout would do, but browsers hold it back for at least 4 ms.
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
