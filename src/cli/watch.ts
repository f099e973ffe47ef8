// Shows training on stderr while it runs: a bar on a terminal, a plain line an epoch anywhere else.
import { SingleBar } from 'cli-progress';
import type { EpochRecord, Progress } from '../train/fit-options.js';

export interface Watch {
  readonly onProgress: (progress: Progress) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  /** A line that does not tear the bar. */
  say(line: string): void;
  stop(): void;
}

export function watchTraining(stream: NodeJS.WriteStream = process.stderr): Watch {
  return stream.isTTY ? bar(stream) : lines(stream);
}

function lines(stream: NodeJS.WriteStream): Watch {
  const say = (line: string) => void stream.write(`${line}\n`);
  return { onProgress() {}, onEpoch: (record) => say(epochLine(record)), say, stop() {} };
}

function bar(stream: NodeJS.WriteStream): Watch {
  const format = '[{bar}] epoch {epoch}/{epochs} | loss {loss} | {speed} tokens/s | {eta_} left';
  const view = new SingleBar({ format, stream, barsize: 24, fps: 8, hideCursor: true, clearOnComplete: true });
  let running = false;
  const stop = () => {
    if (running) view.stop();
    running = false;
  };
  const say = (line: string) => {
    // The bar is drawn anew below the line at the next update.
    stop();
    stream.write(`${line}\n`);
  };
  return {
    onProgress(progress) {
      const { epoch, epochs, batch, batches, loss, tokensPerSecond, etaSeconds } = progress;
      const fields = {
        epoch,
        epochs,
        loss: loss.toFixed(3),
        speed: Math.round(tokensPerSecond).toLocaleString('en'),
        eta_: etaSeconds === undefined ? '?' : duration(etaSeconds),
      };
      // Until the first epoch is over, the number of batches may be unknown.
      const total = batches === undefined ? epochs * 1000 : epochs * batches;
      const done = (epoch - 1) * (batches ?? 1000) + Math.min(batch, batches ?? 999);
      if (!running) view.start(total, done, fields);
      running = true;
      view.setTotal(total);
      view.update(done, fields);
    },
    onEpoch: (record) => say(epochLine(record)),
    say,
    stop,
  };
}

function epochLine({ epoch, loss, metrics, validation, seconds, tokensPerSecond }: EpochRecord): string {
  const figures = (of: { loss: number; metrics: Readonly<Record<string, number>> }) =>
    [
      `loss ${of.loss.toFixed(4)}`,
      ...Object.entries(of.metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`),
    ].join(', ');
  const held = validation ? ` | validation ${figures(validation)}` : '';
  const speed = `${Math.round(tokensPerSecond).toLocaleString('en')} tokens/s`;
  return `epoch ${epoch}: ${figures({ loss, metrics })}${held} | ${seconds.toFixed(1)} s, ${speed}`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
