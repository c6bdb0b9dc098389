/** The files of a snapshot: what there is, and what is in it as long as that is not too much for a page. */
import { call, request } from "../../../api/call.ts";
import { untar } from "../../../archives/untar.ts";
import type { TreeEntry, TreeFiles } from "./tree.ts";

export const noFiles: TreeFiles = { entries: new Map(), contents: new Map() };

const mostEntries = 50_000;
const mostBytes = 32 * 1024 * 1024;

/** @throws when there is no such snapshot, or more in it than a page can show */
export async function readTree(id: string, signal: AbortSignal): Promise<TreeFiles> {
  const entries = new Map<string, TreeEntry>();
  for (let after: string | undefined; ; ) {
    const page = await call(
      "GET /yard/v1/trees/{id}/entries",
      { path: { id }, query: { after, limit: 10_000 } },
      { signal },
    );
    for (const entry of page.entries) entries.set(entry.path, entry);
    after = page.next;
    if (after === undefined) break;
    if (entries.size >= mostEntries) throw new Error("There is too much in it to be shown here. Use runyard fs pull.");
  }
  const bytes = entries.values().reduce((sum, { size }) => sum + size, 0);
  return { entries, contents: bytes > mostBytes ? undefined : await readContents(id, signal) };
}

async function readContents(id: string, signal: AbortSignal): Promise<ReadonlyMap<string, Uint8Array>> {
  const response = await request("GET /yard/v1/trees/{id}", { path: { id } }, { signal });
  const files = await untar(await response.blob(), { isZipped: false, mostBytes: 2 * mostBytes });
  return new Map(files.map(({ path, content }) => [path.replace(/^\.?\//, ""), content]));
}
