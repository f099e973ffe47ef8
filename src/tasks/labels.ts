// Labels by number: for figures over what was there to learn from and what was not.

/**
 * The number of each label among the known ones. One that is not known has a number of its own behind them: no answer meets it, and
 * in F1 by class it is a class with nothing right.
 */
export function labelNumbers(known: readonly string[], labels: readonly string[]): number[] {
  const numbers = new Map(known.map((label, k) => [label, k]));
  return labels.map((label) => {
    const number = numbers.get(label) ?? numbers.size;
    numbers.set(label, number);
    return number;
  });
}
