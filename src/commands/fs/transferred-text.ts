import type { Transferred } from "../../client/trees.ts";
import { bytesText } from "../app/text.ts";

/** `1 entry, 14 B` */
export function transferredText({ entries, bytes }: Transferred): string {
  return `${entries === 1 ? "1 entry" : `${entries} entries`}, ${bytesText(bytes)}`;
}
