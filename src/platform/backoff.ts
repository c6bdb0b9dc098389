/** How long to wait before the next try to connect: nothing after the first failure, because the far side was most likely
 *  restarted and is back at once; then doubling, with half of it random so that many yards do not come back in step. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** @param failures tries that failed in a row, 1 after the first
 *  @returns milliseconds */
export function backoffMs(failures: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number {
  if (failures <= 1) return 0;
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 2, 30));
  return ceiling / 2 + (random() * ceiling) / 2;
}
