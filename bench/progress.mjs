// progress.mjs: one line that says what is being done: overwritten on a terminal, a line a workload elsewhere.

/** @returns a function to call with what is being done now, with null at the end */
export function showProgress(index, count) {
  const { stderr } = process;
  let said = '';
  return (what) => {
    if (stderr.isTTY) {
      const line = what === null ? '' : `[${index + 1}/${count}] ${what}`;
      stderr.write(`\r\x1b[K${line.slice(0, (stderr.columns ?? 120) - 1)}`);
      return;
    }
    // Rounds would fill a log: only the workload's name, once.
    const title = what?.split(': ')[0];
    if (!title || title === said || said.includes(title)) return;
    said = said ? `${said}, ${title}` : title;
    stderr.write(`[${index + 1}/${count}] ${title}\n`);
  };
}
