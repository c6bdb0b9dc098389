/** The modules that a script imports. The engine asks for their text in the midst of its own work and cannot wait, so they are fetched beforehand,
 *  with all that they import in turn. A refusal is kept, and thrown where the module is imported: there a script may catch it. */
import { compileModule } from "./compile.ts";
import type { Reply } from "./execution.ts";

export interface ModuleSources {
  /** Resolves when all of them, and theirs, have been fetched or refused. */
  fetch(referrer: string, specifiers: readonly string[]): Promise<void>;
  /** @throws the refusal */
  resolve(referrer: string, specifier: string): string;
  source(name: string): string;
}

const mostModules = 500;
const disabled = "External module imports are disabled";

/** @param ask the host: `{ specifier, referrer }` gives `{ name, source }`, with the address that it was found at. Absent: no module is granted */
export function createModuleSources(
  ask: ((args: { specifier: string; referrer: string }) => Promise<Reply>) | undefined,
): ModuleSources {
  const resolved = new Map<string, { readonly name: string } | { readonly refusal: string }>();
  const sources = new Map<string, string>();
  const keyOf = (referrer: string, specifier: string) => JSON.stringify([referrer, specifier]);

  async function fetchOne(referrer: string, specifier: string): Promise<void> {
    const key = keyOf(referrer, specifier);
    if (resolved.has(key) || ask === undefined) return;
    if (resolved.size >= mostModules) {
      resolved.set(key, { refusal: `${specifier}: a script may import at most ${mostModules} modules` });
      return;
    }
    resolved.set(key, { refusal: `${specifier} has not been fetched` });
    const found = await fetchSource(referrer, specifier);
    resolved.set(key, found);
    if ("name" in found && !sources.has(found.name)) {
      const { code, imports } = found;
      sources.set(found.name, code);
      await fetchAll(found.name, imports);
    }
  }

  async function fetchSource(referrer: string, specifier: string) {
    const reply = await ask?.({ specifier, referrer });
    const { name, source, message } = (reply?.value ?? {}) as { name?: unknown; source?: unknown; message?: unknown };
    if (!reply?.ok) return { refusal: typeof message === "string" ? message : disabled };
    if (typeof name !== "string" || typeof source !== "string") return { refusal: `${specifier} has no source` };
    try {
      return { name, ...compileModule(source) };
    } catch (error) {
      return { refusal: `${name}: ${error instanceof Error ? error.message : error}` };
    }
  }

  async function fetchAll(referrer: string, specifiers: readonly string[]): Promise<void> {
    await Promise.all(specifiers.map((specifier) => fetchOne(referrer, specifier)));
  }

  return {
    fetch: fetchAll,
    resolve(referrer, specifier) {
      const found = resolved.get(keyOf(referrer, specifier)) ?? {
        refusal: ask === undefined ? disabled : `${specifier} cannot be imported: write the address as a literal`,
      };
      if ("refusal" in found) throw new Error(found.refusal);
      return found.name;
    },
    source(name) {
      const source = sources.get(name);
      if (source === undefined) throw new Error(`${name} has not been fetched`);
      return source;
    },
  };
}
