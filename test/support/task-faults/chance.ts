/** Chance from a seed. What is decided is the same each time; when it acts, the machine decides. */
export interface Chance {
  /** True with this probability. */
  hits(probability: number): boolean;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  oneOf<T>(choices: readonly T[]): T;
  shuffled<T>(items: readonly T[]): T[];
  /** Another one, which depends on this one's course no more. */
  fork(): Chance;
}

/** Mulberry32: 32 bits of state are plenty for this. */
export function createChance(seed: number): Chance {
  let state = seed | 0;

  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    hits: (probability) => next() < probability,
    oneOf: (choices) => choices[between(0, choices.length - 1)]!,
    shuffled: (items) =>
      items
        .map((item) => ({ item, place: next() }))
        .sort((a, b) => a.place - b.place)
        .map(({ item }) => item),
    fork: () => createChance(between(0, 2 ** 32 - 1)),
  };
}
