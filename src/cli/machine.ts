// What the command line runs on, in one line.
import { cpus } from 'node:os';

export function machine(): string {
  const cpu = cpus()[0]?.model ?? 'unknown processor';
  return `${process.platform}-${process.arch}, Node ${process.versions.node}, ${cpu}, ${cpus().length} cores`;
}
