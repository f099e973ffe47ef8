// What every epoch needs and no epoch changes: made once for a list of examples, and kept as long as the list is.

/**
 * `make`, but for the same list with the same other arguments it gives what it made before.
 *
 *   const encoded = once((examples: readonly Example[], prep: Prep) => ...);      // encoded(train, prep) in each epoch
 */
export function once<List extends object, Rest extends readonly unknown[], Made>(
  make: (list: List, ...rest: Rest) => Made,
): (list: List, ...rest: Rest) => Made {
  const known = new WeakMap<List, { readonly rest: Rest; readonly made: Made }>();
  return (list, ...rest) => {
    const before = known.get(list);
    if (before?.rest.every((part, k) => part === rest[k])) return before.made;
    const made = make(list, ...rest);
    known.set(list, { rest, made });
    return made;
  };
}
