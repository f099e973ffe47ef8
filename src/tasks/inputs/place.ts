// Where a file is that a table names.

/** A path or URL that a table gives, as from where the program runs: relative ones are from where the table is. */
export function fromTable(path: string, base: string): string {
  const isAbsolute = /^([a-z][a-z0-9+.-]*:|\/|\\)/i.test(path);
  return isAbsolute ? path : base + path;
}
