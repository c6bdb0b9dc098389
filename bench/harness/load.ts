/** Load with a bound in time and in number. */
export interface Load {
  /** How many at once. */
  readonly concurrency: number;
  readonly forMs: number;
  /** Far more than can happen in that time: only a loop that has run wild reaches it. */
  readonly atMost?: number;
}

/** How often `once` can be done per second: counted are those that ended, timed until the last has. */
export async function ratePerSecond(
  { concurrency, forMs, atMost = 1_000_000 }: Load,
  once: () => Promise<unknown>,
): Promise<number> {
  const started = performance.now();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - started < forMs && begun < atMost) {
      begun++;
      await once();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return begun / ((performance.now() - started) / 1000);
}

/** How long each of `count` took, one after the other, in milliseconds. */
export async function timesOf(count: number, once: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let number = 0; number < count; number++) {
    const started = performance.now();
    await once();
    times.push(performance.now() - started);
  }
  return times;
}
