// The reference backend: every kernel in plain TypeScript and double precision, written from the equations, apart from the C++.
// It is what the other backends are tested against, and what remains where neither of them runs.
import {
  ABI_VERSION,
  argumentsOf,
  type Binding,
  bindKernels,
  type KernelName,
  type RawKernels,
} from '../generated/abi.js';
import type { Backend, Storage } from '../types.js';
import * as ctc from './ctc.js';
import * as elementwise from './elementwise.js';
import type { ReferenceKernels } from './kernel.js';
import * as losses from './losses.js';
import * as matrix from './matrix.js';
import { ReferenceMemory } from './memory.js';
import * as optim from './optim.js';
import * as pooling from './pooling.js';
import * as probes from './probes.js';
import * as quantized from './quantized.js';
import * as recurrent from './recurrent.js';
import * as recurrentGeneral from './recurrent-general.js';
import * as rows from './rows.js';
import * as shape from './shape.js';

// Each of these files exports its kernels, under their names in native/abi.h, and nothing else.
const kernels: ReferenceKernels = {
  ...elementwise,
  ...shape,
  ...matrix,
  ...rows,
  ...losses,
  ...ctc,
  ...optim,
  ...pooling,
  ...recurrent,
  ...recurrentGeneral,
  ...quantized,
  ...probes,
};

export function createReferenceBackend(): Backend {
  const memory = new ReferenceMemory();
  return {
    info: { name: 'reference', simd: 'scalar', threads: 1, abi: ABI_VERSION, tried: [] },
    memory,
    kernels: bindKernels(bindReference(memory)),
    close: () => memory.close(),
  };
}

/**
 * The other backends stage addresses for a call; this one stages arrays and hands out their numbers instead, 0 for null. That
 * way it goes through the same generated checks, and its kernels can be functions over plain arrays.
 */
function bindReference(memory: ReferenceMemory): Binding {
  const staged: unknown[] = [null];

  const raw = Object.entries(kernels).map(([name, kernel]) => {
    const isBuffer = argumentsOf(name as KernelName).map((argument) => argument.kind === 'buffer');
    const call = (_ctx: number, ...values: number[]): number =>
      (kernel as (...args: unknown[]) => number)(...values.map((value, k) => (isBuffer[k] ? staged[value] : value)));
    return [`u_${name}`, call];
  });

  return {
    ctx: 0,
    raw: Object.fromEntries(raw) as RawKernels,
    enter: (storage: Storage | null) => (storage ? staged.push(memory.view(storage)) - 1 : 0),
    leave: () => {
      staged.length = 1;
    },
  };
}
