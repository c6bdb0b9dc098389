/** Where the last lines of an output begin: it is read backwards, a piece at a time, and none is kept. */
import type { YardClient } from "./http.ts";
import { type OutputPage, readOutputPage } from "./output.ts";

export type Amount = { readonly lines: number } | { readonly bytes: number };

const pieceBytes = 256 * 1024;
const newline = 0x0a;

/** The position from which the last of `amount` is left up to `end`. */
export async function tailPosition(
  client: YardClient,
  name: string,
  { run, size: end }: Pick<OutputPage, "run" | "size">,
  amount: Amount,
  signal?: AbortSignal,
): Promise<number> {
  if ("bytes" in amount) return Math.max(0, end - amount.bytes);
  if (amount.lines === 0) return end;
  let missing = amount.lines;
  let to = end;
  while (to > 0) {
    const position = Math.max(0, to - pieceBytes);
    const { bytes, from } = await readOutputPage(client, name, { run, position, limit: to - position, signal });
    // The newline that ends the last line begins no line of its own.
    for (let at = bytes.length - 1 - (to === end ? 1 : 0); at >= 0; at--)
      if (bytes[at] === newline && --missing === 0) return from + at + 1;
    if (from > position) return from; // what lies before is gone
    to = position;
  }
  return 0;
}
