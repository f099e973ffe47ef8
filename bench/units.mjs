// units.mjs: times and bytes as people read them, in the tables of the terminal and of the page.

/** A time in a unit that shows it with three figures or four. */
export function time(us) {
  if (us < 100) return `${us.toPrecision(3)} us`;
  if (us < 1e6) return `${(us / 1e3).toPrecision(us < 1e5 ? 3 : 4)} ms`;
  return `${(us / 1e6).toPrecision(3)} s`;
}

export const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0);

/** A ratio or another figure of a bar. */
export const figure = (value) => (Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2));
