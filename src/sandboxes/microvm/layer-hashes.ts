/** Hashes of what is in the store, each computed once for as long as the agent lives: what is there never changes. */
import { statSync } from "node:fs";
import { hashOfFile } from "./part-files.ts";
import type { Store } from "./store.ts";

export interface LayerHashes {
  of(name: string): Promise<string>;
}

/** More are forgotten: they are computed again. */
const mostKept = 10_000;

export function createLayerHashes(store: Store): LayerHashes {
  const known = new Map<string, Promise<string>>();
  return {
    async of(name) {
      const path = store.pathOf(name);
      const { ino, mtimeNs } = statSync(path, { bigint: true }); // one that has gone may come again
      const key = `${name} ${ino} ${mtimeNs}`;
      const found = known.get(key);
      if (found) return found;
      if (known.size >= mostKept) known.clear();
      const hash = hashOfFile(path);
      known.set(key, hash);
      hash.catch(() => known.delete(key));
      return hash;
    },
  };
}
