// Shows training while it runs: a bar on a terminal, a plain line per epoch anywhere else.
import { SingleBar } from 'cli-progress';

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/**
 * Options that let `fit` be watched, and a last line: `await fit(model, data, { ...watch.options, ... }); watch.done('...')`.
 * `fit` has to be asked for the metric "accuracy".
 *
 * @param {string} label  what is being trained
 * @param {{ stream?: NodeJS.WriteStream }} [options]
 */
export function watchTraining(label, { stream = process.stdout } = {}) {
  return stream.isTTY ? bar(label, stream) : lines(label, stream);
}

function bar(label, stream) {
  const format = '{label} [{bar}] epoch {epoch}/{epochs} | loss {loss} | accuracy {accuracy} | {tokens} tokens/s';
  const view = new SingleBar({ format, stream, barsize: 24, fps: 8, hideCursor: true, clearOnComplete: true });
  let running = false;
  return {
    options: {
      onProgress(p) {
        if (!running) view.start(p.epochs * p.batches, 0, fields(label, p));
        running = true;
        view.update(p.step, fields(label, p));
      },
    },
    done(summary) {
      if (running) view.stop();
      stream.write(`${label} ${summary}\n`);
    },
  };
}

function lines(label, stream) {
  let last;
  return {
    options: {
      onProgress(p) {
        last = p;
      },
      callbacks: {
        onEpochEnd(record) {
          const { epoch, epochs, loss, accuracy, tokens } = fields(label, last);
          const onValidation = record.validation ? `, validation ${percent(record.validation.metrics.accuracy)}` : '';
          stream.write(
            `${label} epoch ${epoch}/${epochs}: loss ${loss}, accuracy ${accuracy}${onValidation}, ${tokens} tokens/s\n`,
          );
        },
      },
    },
    done(summary) {
      stream.write(`${label} ${summary}\n`);
    },
  };
}

function fields(label, { epoch, epochs, loss, metrics, tokensPerSecond }) {
  return {
    label,
    epoch,
    epochs,
    loss: loss.toFixed(3),
    accuracy: percent(metrics.accuracy),
    tokens: number.format(tokensPerSecond),
  };
}
