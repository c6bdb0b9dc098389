/** The path that an `X-File-Path` header means. Most clients send it as a form would, some send it as it is. */

/** Of a text that may be meant either way, first as decoded, then as it came. */
export function pathsMeant(header: string): readonly [string, ...string[]] {
  const text = asUtf8(header);
  const decoded = decodeForm(text);
  return decoded === undefined || decoded === text ? [text] : [decoded, text];
}

/** Node reads header bytes as Latin-1. */
function asUtf8(header: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(header, "latin1"));
  } catch {
    return header;
  }
}

function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
