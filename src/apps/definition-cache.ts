/** Definitions as they were read last. A definition never changes within a revision, so that a list of a thousand apps reads, checks and
 *  decrypts only those that were changed since the list before. */
import type { AppDefinition } from "./app.ts";

export interface DefinitionCache {
  get(appId: string, revision: number): AppDefinition | undefined;
  /** @param size characters it has at rest */
  keep(appId: string, revision: number, definition: AppDefinition, size: number): void;
  forget(appId: string): void;
}

interface Kept {
  readonly revision: number;
  readonly definition: AppDefinition;
  readonly size: number;
}

/** Some ten thousand of the usual size. */
const mostCharacters = 16 * 1024 * 1024;

export function createDefinitionCache(limit = mostCharacters): DefinitionCache {
  const kept = new Map<string, Kept>();
  let characters = 0;

  function forget(appId: string): void {
    characters -= kept.get(appId)?.size ?? 0;
    kept.delete(appId);
  }

  return {
    get(appId, revision) {
      const found = kept.get(appId);
      return found?.revision === revision ? found.definition : undefined;
    },
    keep(appId, revision, definition, size) {
      forget(appId);
      kept.set(appId, { revision, definition, size });
      characters += size;
      while (characters > limit) forget(kept.keys().next().value!); // the one that was read longest ago
    },
    forget,
  };
}
