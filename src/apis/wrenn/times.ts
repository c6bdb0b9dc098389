/** Points in time: RFC 3339 in UTC, in whole seconds. */

/** @param ms since 1970 */
export function timeToWire(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
