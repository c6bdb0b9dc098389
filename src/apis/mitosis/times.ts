/** Points in time as each reader parses them, always in UTC. */
import type { Reading } from "./quirks.ts";

/** @param ms since 1970 */
export function timeToWire(ms: number, reading: Reading): string {
  const rfc3339 = new Date(ms).toISOString();
  return reading === "document" ? rfc3339 : spacedForm(rfc3339);
}

/** The Rust programs' form: a fraction of one digit or more without trailing zeros, and an offset down to the second. */
function spacedForm(rfc3339: string): string {
  const [date, time = ""] = rfc3339.slice(0, -1).split("T");
  const [clock, fraction = ""] = time.split(".");
  return `${date} ${clock}.${fraction.replace(/0+$/, "") || "0"} +00:00:00`;
}
