/** What some snapshots reach. Holds the id of every object: some 150 MB for a million. */
import { decodePage, decodePageList, emptyDirectoryId } from "./directory-page.ts";
import type { Entry } from "./entry.ts";
import { objectsOfContent } from "./file-content.ts";
import { type ObjectId, objectKinds, type StoredObject } from "./object.ts";
import type { ObjectSource } from "./object-store.ts";

export interface Marks {
  add(roots: readonly ObjectId[]): Promise<void>;
  has(id: ObjectId): boolean;
}

/** Directories in memory at a time. */
const batch = 256;

export function createMarks(source: ObjectSource): Marks {
  const marked = new Set<ObjectId>([emptyDirectoryId]);

  async function visit(object: StoredObject, ahead: ObjectId[]): Promise<void> {
    if (object.kind === objectKinds.pageList) ahead.push(...decodePageList(object.payload));
    else if (object.kind === objectKinds.page)
      for (const [, entry] of decodePage(object.payload)) await visitEntry(entry, ahead);
  }

  async function visitEntry(entry: Entry, ahead: ObjectId[]): Promise<void> {
    if (entry.type === "directory") ahead.push(entry.page);
    if (entry.type !== "file" || marked.has(entry.content)) return;
    for (const id of await objectsOfContent(source, entry)) marked.add(id);
  }

  return {
    async add(roots) {
      const ahead = [...roots];
      while (ahead.length > 0) {
        const ids = [...new Set(ahead.splice(-batch))].filter((id) => !marked.has(id));
        for (const object of (await source.getMany(ids)).values()) await visit(object, ahead);
        for (const id of ids) marked.add(id); // only now: an error in between leaves it to be visited
      }
    },
    has: (id) => marked.has(id),
  };
}
