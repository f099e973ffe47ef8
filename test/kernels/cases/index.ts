// For every kernel but the recurrent ones: which sizes, which arguments, how exact, and why.
// To cover a new kernel, add its entry to one of these tables; a test fails while it is missing.
import { ctcCases } from './ctc.js';
import { elementwiseCases } from './elementwise.js';
import { lossCases } from './losses.js';
import { matrixCases } from './matrix.js';
import { optimCases } from './optim.js';
import { rowCases } from './rows.js';
import { shapeCases } from './shape.js';
import type { CaseTable } from './sizes.js';

export const kernelCases: CaseTable = {
  ...elementwiseCases,
  ...shapeCases,
  ...matrixCases,
  ...rowCases,
  ...lossCases,
  ...ctcCases,
  ...optimCases,
};
