// Every error of the library. A message says what, expected, got, and what to do:
//   lstm: h must be [2, 8, 256] (layers*directions, batch, hiddenSize), got [1, 8, 256]

/** Base of every error this library throws on purpose. `code` is stable and safe to switch on; messages are for people. */
export class UnrolledError extends Error {
  // A name of its own in each class: those of constructors do not survive minification.
  static {
    UnrolledError.prototype.name = 'UnrolledError';
  }

  readonly code: string;

  constructor(message: string, code = 'ERR_UNROLLED', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A shape, a length or a number of axes is not what the operation needs. */
export class ShapeError extends UnrolledError {
  static {
    ShapeError.prototype.name = 'ShapeError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_SHAPE', options);
  }
}

/** A value has the wrong type: int32 where float32 is needed, a string among the numbers, a detached buffer. */
export class DTypeError extends UnrolledError {
  static {
    DTypeError.prototype.name = 'DTypeError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_DTYPE', options);
  }
}

/** An option is unknown, of the wrong type, out of range, or not available in this release. */
export class OptionError extends UnrolledError {
  static {
    OptionError.prototype.name = 'OptionError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_OPTION', options);
  }
}

/** A label, an embedding index or a gather index lies outside its range. */
export class IndexError extends UnrolledError {
  static {
    IndexError.prototype.name = 'IndexError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_INDEX', options);
  }
}

/** Sequence lengths are not integers in 0..T, or there is not one of them for each row. */
export class LengthsError extends UnrolledError {
  static {
    LengthsError.prototype.name = 'LengthsError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_LENGTHS', options);
  }
}

/** A tensor of a step that is over was used. */
export class StaleTensorError extends UnrolledError {
  static {
    StaleTensorError.prototype.name = 'StaleTensorError';
  }

  constructor(
    message = 'this tensor belongs to a step that is over: its memory is used again from the next recorded op after ' +
      'backward(), or from the end of scope(). Read it before with toArray() or item(), keep it with detach(), or keep ' +
      'the whole step with backward(grad, { retainGraph: true })',
    options?: ErrorOptions,
  ) {
    super(message, 'ERR_STALE_TENSOR', options);
  }
}

/** Memory could not be had. `bytes` is what was asked for. */
export class OutOfMemoryError extends UnrolledError {
  static {
    OutOfMemoryError.prototype.name = 'OutOfMemoryError';
  }

  readonly bytes: number;

  constructor(message: string, bytes: number, options?: ErrorOptions) {
    super(message, 'ERR_OUT_OF_MEMORY', options);
    this.bytes = bytes;
  }
}

/** One backend that was tried, why it could not be used, and what the user can do about it. */
export interface FailedAttempt {
  readonly backend: string;
  readonly reason: string;
  readonly remedy?: string;
}

/** No backend is ready, or none could be started. `attempts` lists each one that was tried. */
export class BackendError extends UnrolledError {
  static {
    BackendError.prototype.name = 'BackendError';
  }

  readonly attempts: readonly FailedAttempt[];

  constructor(message: string, attempts: readonly FailedAttempt[] = [], options?: ErrorOptions) {
    const lines = attempts.map((a) => `\n  ${a.backend}: ${a.reason}${a.remedy ? `; ${a.remedy}` : ''}`);
    super(message + lines.join(''), 'ERR_BACKEND', options);
    this.attempts = attempts;
  }
}

/** A layer whose weights are quantised was asked for what only float32 weights can do: to be trained. */
export class QuantizedError extends UnrolledError {
  static {
    QuantizedError.prototype.name = 'QuantizedError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_QUANTIZED', options);
  }
}

/** A number that must be finite is not, for example the loss of a training step. */
export class NumericError extends UnrolledError {
  static {
    NumericError.prototype.name = 'NumericError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_NUMERIC', options);
  }
}

/** A file breaks a rule of its format. */
export class FormatError extends UnrolledError {
  static {
    FormatError.prototype.name = 'FormatError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_FORMAT', options);
  }
}

/** A checkpoint, though whole, does not belong to what it is loaded into: another model, optimiser, version or run. */
export class CheckpointError extends UnrolledError {
  static {
    CheckpointError.prototype.name = 'CheckpointError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_CHECKPOINT', options);
  }
}

/** Work was stopped through an AbortSignal. `name` is "AbortError", as everywhere on the platform. */
export class AbortError extends UnrolledError {
  static {
    AbortError.prototype.name = 'AbortError';
  }

  constructor(message = 'the operation was aborted', options?: ErrorOptions) {
    super(message, 'ABORT_ERR', options);
  }
}

/** A file of the user's, or rows of data, that cannot be learnt from as they are: names file and line, and what to do. */
export class DataError extends UnrolledError {
  static {
    DataError.prototype.name = 'DataError';
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_DATA', options);
  }
}
