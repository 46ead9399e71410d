/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function numbersOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Keeps `size` of the items that it is given, each with the same chance, however many come (reservoir sampling, Vitter's
 * algorithm R). The same seed over the same items gives the same sample. Pure but for what it holds.
 */
export function sampler<T>(size: number, seed: number): { add: (item: T) => void; taken: () => readonly T[] } {
  const next = numbersOf(seed);
  const taken: T[] = [];
  let seen = 0;
  return {
    add: (item) => {
      seen += 1;
      if (taken.length < size) return void taken.push(item);
      const at = Math.floor(next() * seen);
      if (at < size) taken[at] = item;
    },
    taken: () => taken,
  };
}
