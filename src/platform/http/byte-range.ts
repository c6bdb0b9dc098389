/** Which bytes of some content a request asks for. @see RFC 9110, section 14 */

export interface AskedRange {
  /** The first byte. */
  readonly start: number;
  readonly length: number;
  /** Not the whole: the answer is 206. */
  readonly isPart: boolean;
}

/** One range is served; several, an unknown unit and what cannot be read as one are taken as no range at all, as the standard allows.
 *  @param ifRange the entity tag that the range is meant for, if the request names one
 *  @returns undefined if the range lies beyond the content: the answer is 416 */
export function askedRange(
  header: string | undefined,
  ifRange: string | undefined,
  { bytes, tag }: { bytes: number; tag: string },
): AskedRange | undefined {
  const whole = { start: 0, length: bytes, isPart: false };
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(" ", "") ?? "");
  if (!match || (ifRange !== undefined && ifRange !== tag)) return whole;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return whole;
  if (first === "") return part(Math.max(0, bytes - Number(last)), bytes - 1, bytes);
  if (last !== "" && Number(last) < Number(first)) return whole;
  return part(Number(first), last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1), bytes);
}

function part(first: number, last: number, bytes: number): AskedRange | undefined {
  return first >= bytes ? undefined : { start: first, length: last - first + 1, isPart: true };
}
