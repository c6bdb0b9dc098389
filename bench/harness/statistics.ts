/** @throws {RangeError} if there is nothing to take the middle of */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError("no values to take the median of");
  return (lower + upper) / 2;
}

/** Largest divided by smallest: 1 is no scatter, also of nothing. */
export function scatter(values: readonly number[]): number {
  return values.length === 0 ? 1 : Math.max(...values) / Math.min(...values);
}

/** The value that so large a share of all is at most. @param share from 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (found === undefined) throw new RangeError("no values to take a percentile of");
  return found;
}
