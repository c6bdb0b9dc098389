/** Which objects an object names. */
import { decodePage, decodePageList } from "./directory-page.ts";
import type { Entry } from "./entry.ts";
import { decodePieceList } from "./file-content.ts";
import { type ObjectId, objectKinds, type StoredObject } from "./object.ts";

export function referencesOf({ kind, payload }: StoredObject): readonly ObjectId[] {
  switch (kind) {
    case objectKinds.piece:
      return [];
    case objectKinds.pieceList:
      return decodePieceList(payload).map(({ id }) => id);
    case objectKinds.pageList:
      return decodePageList(payload);
    case objectKinds.page:
      return decodePage(payload).flatMap(([, entry]) => referenceOf(entry) ?? []);
  }
}

function referenceOf(entry: Entry): ObjectId | undefined {
  switch (entry.type) {
    case "file":
      return entry.content;
    case "directory":
      return entry.page;
    case "symlink":
      return undefined;
  }
}
