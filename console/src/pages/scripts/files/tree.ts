/** The files of a snapshot, as far as a page has them. */
import type { Reply } from "../../../api/operations.ts";

export type TreeEntry = Reply<"GET /yard/v1/trees/{id}/entries">["entries"][number];

export interface TreeFiles {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Of files, by path; undefined where all of them together are too large. */
  readonly contents: ReadonlyMap<string, Uint8Array> | undefined;
}
