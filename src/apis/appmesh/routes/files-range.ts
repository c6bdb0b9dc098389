/** Which bytes of a file a request asks for. @see RFC 9110, section 14 */
import type { ByteRange, HostFile } from "../../../hosts/host-files.ts";

export interface AskedRange extends ByteRange {
  /** Not the whole file: the answer is 206. */
  readonly isPart: boolean;
}

/** Changes whenever the file does, as far as its clock can tell. */
export function entityTag({ bytes, modifiedNs }: Pick<HostFile, "bytes" | "modifiedNs">): string {
  return `"${modifiedNs.toString(36)}-${bytes.toString(36)}"`;
}

/** One range is served; several, an unknown unit and what cannot be read as one are taken as no range at all, as the standard allows.
 *  @param ifRange the entity tag that the range is meant for, if the request names one
 *  @returns undefined if the range lies beyond the file: the answer is 416 */
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

/** `attachment` with the file's name: plain for old clients, encoded for all characters. @see RFC 6266, RFC 8187 */
export function contentDisposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]/g, "_").replace(/["\\]/g, "\\$&");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
