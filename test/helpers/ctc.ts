// CTC by its definition: every path of classes there is, what each of them says, and how probable it is.

/** Repetitions made one, blanks left out. */
export const collapse = (path: readonly number[], blank: number): number[] =>
  path.filter((c, t) => c !== blank && c !== path[t - 1]);

/** Probability of everything that T steps of C classes can say: by the classes, joined with commas. Of C^T paths. */
export function allTargets(logits: readonly (readonly number[])[], blank: number): Map<string, number> {
  const probabilities = logits.map((row) => {
    const all = row.reduce((sum, x) => sum + Math.exp(x), 0);
    return row.map((x) => Math.exp(x) / all);
  });
  const found = new Map<string, number>();
  const walk = (path: number[], probability: number): void => {
    if (path.length === logits.length) {
      const said = collapse(path, blank).join(',');
      found.set(said, (found.get(said) ?? 0) + probability);
      return;
    }
    for (const [c, p] of (probabilities[path.length] as number[]).entries()) walk([...path, c], probability * p);
  };
  walk([], 1);
  return found;
}
