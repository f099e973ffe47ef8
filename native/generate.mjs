// generate.mjs: reads native/abi.h, the contract, and writes everything that binds a kernel:
//   native/generated/calls-inl.h       the addon's call table, compiled once per instruction set
//   native/generated/kernels.h         the names of its entries
//   wasm/generated/exports.json        what the WASM module exports
//   src/backend/generated/abi.ts       enumerations, the Kernels interface, the checks of every argument
// `node native/generate.mjs` writes them, `--check` fails if they are stale. Anything in the header it does not understand is
// an error with its line number: a prototype is never half bound.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const ROLES = ['in', 'out', 'inout', 'accumulated', 'saved', 'scratch'];
const ELEMENTS = { float: 'float', int32_t: 'int', double: 'double' };
const STORAGES = { float: 'Floats', int: 'Ints', double: 'Doubles' };
const HEADER = 'Generated from native/abi.h by native/generate.mjs. Do not edit: run `npm run generate`.';

// ---- reading the header --------------------------------------------------------------------------------------------

/** @returns {{ version: number, enums: Enum[], kernels: Kernel[] }} */
export function parseAbi(text) {
  const lineAt = (offset) => text.slice(0, offset).split('\n').length;
  const fail = (offset, what) => {
    throw new Error(`native/abi.h:${lineAt(offset)}: ${what}`);
  };

  const version = Number(/#define UNROLLED_ABI_VERSION (\d+)/.exec(text)?.[1]);
  if (!Number.isInteger(version)) fail(0, 'UNROLLED_ABI_VERSION not found');

  const start = text.indexOf('#ifdef U_KERNEL');
  const end = text.lastIndexOf('#endif /* U_KERNEL */');
  if (start < 0 || end < start)
    fail(0, 'the prototypes must stand between "#ifdef U_KERNEL" and "#endif /* U_KERNEL */"');

  const enums = [...text.slice(0, start).matchAll(/enum u_(\w+) \{([^}]*)\};/g)].map((match) => parseEnum(match, fail));

  // The prototypes: comments and U_KERNEL(...)(...); in turn, nothing else.
  const kernels = [];
  const token = /\s+|\/\*([\s\S]*?)\*\/|U_KERNEL\((\w+)\)\(([\s\S]*?)\);/y;
  token.lastIndex = text.indexOf('\n', start);
  let doc = '';
  while (token.lastIndex < end) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) fail(at, `expected a comment or U_KERNEL(name)(...), got "${text.slice(at, at + 40).split('\n')[0]}"`);
    if (match[1] !== undefined) doc = match[1].startsWith(' ----') ? '' : tidyComment(match[1]);
    if (match[2] === undefined) continue;
    if (!doc) fail(at, `${match[2]}: say in a comment above what it computes`);
    if (kernels.some((k) => k.name === match[2])) fail(at, `${match[2]} is declared twice`);
    kernels.push({ name: match[2], doc, args: parseArguments(match[2], match[3], (what) => fail(at, what)) });
    doc = '';
  }
  if (kernels.length === 0) fail(start, 'no kernel found');
  return { version, enums, kernels };
}

function tidyComment(comment) {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .trim();
}

const camel = (words) => words.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function parseEnum(match, fail) {
  const [, name, body] = match;
  const values = {};
  for (const entry of body.replace(/\/\*[\s\S]*?\*\//g, '').split(',')) {
    const parsed = /^\s*U_(?:ERR_)?(\w+) = (\d+)\s*$/.exec(entry);
    if (!parsed) fail(match.index, `u_${name}: write each value as U_NAME = number, got "${entry.trim()}"`);
    values[camel(parsed[1])] = Number(parsed[2]);
  }
  return { name: name[0].toUpperCase() + camel(name).slice(1), values };
}

function parseArguments(kernel, list, fail) {
  const args = [];
  const lines = list
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.shift() !== 'u_ctx* ctx,') fail(`${kernel}: the first line must be "u_ctx* ctx,"`);
  for (const line of lines) {
    const pointer = /^(const )?(\w+)\* (\w+),?\s*\/\/ \[([^\]]*)\]([^:]*)(?::.*)?$/.exec(line);
    if (pointer) {
      args.push(parsePointer(kernel, pointer, fail));
      continue;
    }
    if (line.includes('*') || line.includes('//')) {
      fail(`${kernel}: cannot read "${line}"; write "const float* x, // [dims] role", or scalars without a comment`);
    }
    for (const scalar of line.replace(/,$/, '').split(',')) {
      const parsed = /^(int32_t|double) (\w+)$/.exec(scalar.trim());
      if (!parsed) fail(`${kernel}: "${scalar.trim()}" is neither "int32_t name" nor "double name"`);
      args.push({ kind: parsed[1] === 'double' ? 'number' : 'int', name: parsed[2] });
    }
  }
  if (new Set(args.map((arg) => arg.name)).size !== args.length) fail(`${kernel}: two arguments have the same name`);
  // A scalar that a dim mentions is a size: a whole number that is not negative.
  for (const arg of args) {
    for (const name of (arg.dims ?? []).flatMap((dim) => dim.match(/[A-Za-z_]\w*/g) ?? [])) {
      const scalar = args.find((other) => other.name === name && other.kind !== 'buffer');
      if (!scalar) fail(`${kernel}: ${arg.name} has the dim "${name}", which is no scalar argument`);
      if (scalar.kind !== 'size') Object.assign(scalar, { kind: 'size', wide: scalar.kind === 'number' });
    }
  }
  return args;
}

function parsePointer(kernel, [, constant, type, name, dimList, words], fail) {
  const element = ELEMENTS[type];
  if (!element) fail(`${kernel}: ${name} is a ${type}*; elements are float, int32_t or double`);
  const dims = dimList.split(',').map((dim) => dim.trim());
  for (const dim of dims) {
    if (!/^\w+([+*]\w+)*$/.test(dim)) fail(`${kernel}: ${name}: "${dim}" is not a sum or product of names and numbers`);
  }
  const given = words.trim().split(/\s+/).filter(Boolean);
  const unknown = given.find((word) => word !== 'optional' && !ROLES.includes(word));
  if (unknown)
    fail(
      `${kernel}: ${name}: unknown role "${unknown}"; roles are ${ROLES.join(', ')}, optional; prose goes after a colon`,
    );
  const roles = given.filter((word) => word !== 'optional');
  if (roles.length > 1) fail(`${kernel}: ${name} has two roles: ${roles.join(', ')}`);
  const role = roles[0] ?? (constant ? 'in' : 'out');
  if (constant ? !['in', 'saved'].includes(role) : role === 'in') {
    fail(`${kernel}: ${name} is ${constant ? '' : 'not '}const but its role is "${role}"`);
  }
  const access = constant ? 'r' : 'w';
  return {
    kind: 'buffer',
    name,
    element,
    type: `${constant ?? ''}${type}*`,
    dims,
    role,
    access,
    optional: given.includes('optional'),
  };
}

// ---- writing -------------------------------------------------------------------------------------------------------

/** Joins `parts` with a separator and breaks lines at 120 columns. */
function wrap(indent, head, parts, tail, separator = ', ') {
  const lines = [];
  let line = indent + head;
  parts.forEach((part, k) => {
    const piece = part + (k < parts.length - 1 ? separator : tail);
    if ((line + piece).trimEnd().length > 120) {
      lines.push(line.trimEnd());
      line = indent + (head ? '    ' : '');
    }
    line += piece;
  });
  return [...lines, line].join('\n');
}

function callsHeader({ kernels }) {
  const functions = kernels.map(({ name, args }) => {
    const values = args.map((arg, k) => {
      if (arg.kind === 'buffer') return `(${arg.type})(uintptr_t)f[${k}]`;
      return arg.kind === 'number' || arg.wide ? `f[${k}]` : `(int32_t)f[${k}]`;
    });
    return `static int32_t call_${name}(u_ctx* ctx, const double* f) {\n${wrap('  ', `return ${name}(`, ['ctx', ...values], ');')}\n}`;
  });
  return `// ${HEADER}
// The addon's call table for one instruction set; included in its namespace, after the kernels. JavaScript writes the
// arguments of a call into a frame of doubles (addresses are below 2^53) and calls by index: one crossing costs the same
// for three arguments as for thirty.
// clang-format off

${functions.join('\n\n')}

// In the order of native/abi.h, which is that of kernels.h.
static const u_call table[] = {
${kernels.map(({ name }) => `    call_${name},`).join('\n')}
};
`;
}

function namesHeader({ kernels }) {
  return `// ${HEADER}
// The names of the call tables' entries, in their order: the addon shows them so that JavaScript can compare.
// clang-format off
#ifndef UNROLLED_KERNELS_H
#define UNROLLED_KERNELS_H
static const char* const kernel_names[] = {
${kernels.map(({ name }) => `    "${name}",`).join('\n')}
};
constexpr int kernel_count = ${kernels.length};
constexpr int frame_length = ${frameLength(kernels)};  // the longest argument list
#endif
`;
}

const frameLength = (kernels) => Math.max(...kernels.map(({ args }) => args.length));

function exportsList({ kernels }) {
  const runtime = ['malloc', 'free', 'u_open', 'u_close', 'u_abi_version', 'u_isa_best'];
  return `${JSON.stringify([...runtime, ...kernels.map(({ name }) => `u_${name}`)], null, 2)}\n`;
}

const comment = (indent, text) =>
  `${indent}/**\n${text
    .split('\n')
    .map((line) => `${indent} * ${line}`.trimEnd())
    .join('\n')}\n${indent} */`;
/** 'T+1' as it stands in a product. */
const factor = (dim) => (dim.includes('+') ? `(${dim.replace(/\+/g, ' + ')})` : dim).replace(/\*/g, ' * ');

function tsEnum({ name, values }) {
  const entries = Object.entries(values).map(([key, value]) => `${key}: ${value}`);
  return `${wrap('', `export const ${name} = { `, entries, ' } as const;')}\nexport type ${name} = (typeof ${name})[keyof typeof ${name}];`;
}

function tsSignature({ name, doc, args }) {
  const params = args.map((arg) => {
    if (arg.kind !== 'buffer') return `${arg.name}: number`;
    return `${arg.name}: ${STORAGES[arg.element]}${arg.optional ? ' | null' : ''}`;
  });
  return `${comment('  ', doc)}\n${wrap('  ', `${name}(`, params, '): void;')}`;
}

/** A kernel's arguments in the grammar that src/backend/signature.ts reads. */
function tsTableEntry({ name, args }) {
  const parts = args.map((arg) => {
    const words = [arg.kind === 'buffer' ? `${arg.name}[${arg.dims}]` : arg.name];
    if (arg.kind !== 'buffer' && arg.kind !== 'size') words.push(arg.kind);
    if (arg.wide) words.push('wide');
    if (arg.kind === 'buffer' && arg.element !== 'float') words.push(arg.element);
    if (arg.kind === 'buffer' && arg.role !== 'in') words.push(arg.role);
    if (arg.optional) words.push('optional');
    return words.join(' ');
  });
  const line = `  ${name}: '${parts.join('; ')}',`;
  return line.length <= 120 ? line : line.replace(': ', ':\n    ');
}

const scalarCheck = ({ kind, wide }) => (wide ? 'wide' : kind);
const bufferCheck = ({ element, optional }) => `${element}s${optional ? 'OrNull' : ''}`;
const putting = (check) => `put${check[0].toUpperCase()}${check.slice(1)}`;
const conjunction = (checks) => checks.map((check) => `        ${check}`).join(' &&\n');

function tsMethod({ name, args }, index) {
  const names = args.map((arg) => arg.name);
  const checks = args.map((arg) => {
    if (arg.kind !== 'buffer') return `${scalarCheck(arg)}(${arg.name})`;
    return `${bufferCheck(arg)}(${arg.name}, ${arg.dims.map(factor).join(' * ')})`;
  });
  const staged = args.map((arg) => (arg.kind === 'buffer' ? `enter(${arg.name}, '${arg.access}')` : arg.name));
  return `${wrap('    ', `${name}(`, names, ') {')}
      const valid =
${conjunction(checks)};
${wrap('      ', `if (!valid) wrong(${index}, [`, names, ']);')}
      try {
${wrap('        ', `done(${index}, raw.u_${name}(`, ['ctx', ...staged], '));')}
      } finally {
        leave();
      }
    },`;
}

/** As tsMethod, but an argument is written into the frame as soon as it is found good. */
function tsFrameMethod({ name, args }, index) {
  const names = args.map((arg) => arg.name);
  const checks = args.map((arg, k) => {
    if (arg.kind !== 'buffer') return `${putting(scalarCheck(arg))}(${k}, ${arg.name})`;
    return `${putting(bufferCheck(arg))}(${k}, ${arg.name}, ${arg.dims.map(factor).join(' * ')})`;
  });
  return `${wrap('    ', `${name}(`, names, ') {')}
      const valid =
${conjunction(checks)};
${wrap('      ', `if (!valid) wrong(${index}, [`, names, ']);')}
      done(${index}, call(${index}));
    },`;
}

function typescript({ version, enums, kernels }) {
  const rawSignature = ({ name, args }) =>
    wrap(
      '  ',
      `u_${name}(`,
      ['ctx', ...args.map((arg) => arg.name)].map((arg) => `${arg}: number`),
      '): number;',
    );
  return `// ${HEADER}
// The kernels as TypeScript sees them: enumerations, one typed method a kernel, and the checks of every argument.
import { refuse, statusError } from '../binding.js';
import { type Argument, readSignature } from '../signature.js';
import type { Doubles, Element, Floats, Ints, Storage } from '../types.js';

export const ABI_VERSION = ${version};

${enums.map(tsEnum).join('\n\n')}

/** Every kernel of native/abi.h, with checked arguments. A failed check or status throws a typed error naming the kernel. */
export interface Kernels {
${kernels.map(tsSignature).join('\n')}
}
export type KernelName = keyof Kernels;

/** The kernels as a backend exposes them: addresses and scalars in, a status out, nothing checked. */
export interface RawKernels {
${kernels.map(rawSignature).join('\n')}
}

/** 'w': the kernel may write it, so a backend that works on a copy has to bring that back. */
export type Access = 'r' | 'w';

/** What bindKernels needs of a backend. */
export interface Binding {
  readonly ctx: number;
  readonly raw: RawKernels;
  /** The address of a storage during this one call; 0 for null. */
  enter(storage: Storage | null, access: Access): number;
  /** After every call, also a failed one. */
  leave(): void;
}

/** The arguments of every kernel, in the order of native/abi.h; signature.ts says how to read them. */
const signatures: Readonly<Record<KernelName, string>> = {
${kernels.map(tsTableEntry).join('\n')}
};

/** In the order of native/abi.h, which is that of the addon's call table. */
export const kernelNames = Object.keys(signatures) as readonly KernelName[];

const read = new Map<KernelName, readonly Argument[]>();

/** The arguments of a kernel: for messages, documentation and tests. */
export function argumentsOf(kernel: KernelName): readonly Argument[] {
  let args = read.get(kernel);
  if (args === undefined) read.set(kernel, (args = readSignature(signatures[kernel])));
  return args;
}

type Values = readonly (Storage | number | null)[];

function done(index: number, status: number): void {
  if (status !== 0) fail(index, status);
}

function fail(index: number, status: number): never {
  const names = Object.keys(Status) as (keyof typeof Status)[];
  throw statusError(kernelNames[index] as string, names.find((name) => Status[name] === status) ?? status);
}

function refused(index: number, values: Values, admit?: (storage: Storage) => void): never {
  const name = kernelNames[index] as KernelName;
  return refuse(name, argumentsOf(name), values, admit);
}

const size = (value: number): boolean => (value | 0) === value && value >= 0;
const wide = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const int = (value: number): boolean => (value | 0) === value;
const number = (value: number): boolean => typeof value === 'number';
const holds = (storage: Storage | null, element: Element, length: number): boolean =>
  storage != null && storage.element === element && storage.length >= length && storage.alive;
${checkers(kernels)
  .map(
    ({ name, element, optional }) => `const ${name} = (storage: Storage | null, length: number): boolean =>
  ${optional ? 'storage === null || ' : ''}holds(storage, '${element}', length);`,
  )
  .join('\n')}

/** Wraps a backend's raw kernels: checks the arguments, stages them, calls, and turns a status into an error. */
export function bindKernels(binding: Binding): Kernels {
  const { ctx, raw } = binding;
  const enter = binding.enter.bind(binding);
  const leave = binding.leave.bind(binding);
  const wrong = (index: number, values: Values): never => refused(index, values);
  return {
${kernels.map(tsMethod).join('\n')}
  };
}

/** What frameKernels needs of the native backend. */
export interface FrameBinding {
  /** The arguments of the next call, which the addon reads. */
  readonly frame: Float64Array;
  call(index: number): number;
  /** Writes the address of a storage that kernels may follow into the frame. False: it is none of that element and length. */
  put(slot: number, storage: Storage, element: Element, length: number): boolean;
  /** Throws what is wrong with a storage, if anything is that has nothing to do with the kernel. */
  admit(storage: Storage): void;
}

/** The same for the native addon: arguments are written into its frame, then one call by index. */
export function frameKernels(binding: FrameBinding): Kernels {
  const f = binding.frame;
  const call = (index: number): number => binding.call(index);
  const wrong = (index: number, values: Values): never => refused(index, values, (storage) => binding.admit(storage));
  const put = (slot: number, value: number): true => {
    f[slot] = value;
    return true;
  };
  const putSize = (slot: number, value: number): boolean => size(value) && put(slot, value);
  const putWide = (slot: number, value: number): boolean => wide(value) && put(slot, value);
  const putInt = (slot: number, value: number): boolean => int(value) && put(slot, value);
  const putNumber = (slot: number, value: number): boolean => number(value) && put(slot, value);
${checkers(kernels)
  .map(
    ({
      name,
      element,
      optional,
    }) => `  const ${putting(name)} = (slot: number, storage: Storage | null, length: number): boolean =>
    ${optional ? 'storage === null ? put(slot, 0) : ' : 'storage != null && '}binding.put(slot, storage, '${element}', length);`,
  )
  .join('\n')}
  return {
${kernels.map(tsFrameMethod).join('\n')}
  };
}
`;
}

/** The checks of buffers that some kernel's arguments need. */
function checkers(kernels) {
  const buffers = kernels.flatMap(({ args }) => args.filter((arg) => arg.kind === 'buffer'));
  const found = new Map(buffers.map((arg) => [bufferCheck(arg), arg]));
  return [...found]
    .map(([name, { element, optional }]) => ({ name, element, optional }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

// ---- main ----------------------------------------------------------------------------------------------------------

function main() {
  const abi = parseAbi(readFileSync(join(root, 'native/abi.h'), 'utf8'));
  const files = {
    'native/generated/calls-inl.h': callsHeader(abi),
    'native/generated/kernels.h': namesHeader(abi),
    'wasm/generated/exports.json': exportsList(abi),
    'src/backend/generated/abi.ts': typescript(abi),
  };
  const read = (file) => {
    try {
      return readFileSync(join(root, file), 'utf8');
    } catch {
      return '';
    }
  };
  const stale = Object.keys(files).filter((file) => read(file) !== files[file]);
  if (process.argv.includes('--check')) {
    if (stale.length > 0) throw new Error(`stale: ${stale.join(', ')}. Run "npm run generate".`);
    return;
  }
  for (const file of stale) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), files[file]);
    console.log(`wrote ${file}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    console.error(`generate: ${error.message}`);
    process.exitCode = 1;
  }
}
