// Tables for terminals.
import Table from 'cli-table3';

/** Rows below a head; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const right = head.map(
    (_, k) => rows.length > 0 && rows.every((row) => typeof row[k] === 'number' || /^[\d.,%-]+$/.test(String(row[k]))),
  );
  const view = new Table({
    head: [...head],
    colAligns: right.map((is) => (is ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  view.push(...rows.map((row) => row.map(String)));
  return view.toString();
}

/** Four digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0 || Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3) return String(Number(value.toPrecision(4)));
  return String(Number(value.toPrecision(5)));
}
