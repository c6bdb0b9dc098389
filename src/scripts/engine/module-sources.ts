/** The modules that a script imports. The engine asks for their text in the midst of its own work and cannot wait, so they are fetched beforehand,
 *  with all that they import in turn. A refusal is kept, and thrown where the module is imported: there a script may catch it. */
import { createSlots } from "../../platform/slots.ts";
import { compileModule, type ModuleImport } from "./compile.ts";
import type { Reply } from "./execution.ts";

export interface ModuleSources {
  /** Resolves when all of them, and theirs, have been fetched or refused. */
  fetch(referrer: string, imports: readonly ModuleImport[]): Promise<void>;
  /** @throws the refusal */
  resolve(referrer: string, specifier: string): string;
  source(name: string): string;
}

export type AskForModule = (args: ModuleImport & { readonly referrer: string }) => Promise<Reply>;

type Found = { readonly name: string } | { readonly refusal: string };

/** From one module to another. What a script may import is the host's to say: these only bound what is kept of it here. */
const mostImports = 20_000;
const mostModules = 2_000;
/** Of the calls that a script may have under way, which it has none of before it begins. */
const askedAtOnce = 6;
const disabled = "External module imports are disabled";

/** @param ask the host, which gives `{ name, source }`, with the address that it was found at. Absent: no module is granted */
export function createModuleSources(ask: AskForModule | undefined): ModuleSources {
  const resolved = new Map<string, Found>();
  const sources = new Map<string, string>();
  /** Names by the address that was asked for: a module has many importers, and is asked for once. */
  const names = new Map<string, string>();
  const inTurn = createSlots(askedAtOnce);
  let asked = 0;
  const keyOf = (referrer: string, specifier: string) => JSON.stringify([referrer, specifier]);

  async function fetchOne(referrer: string, wanted: ModuleImport): Promise<void> {
    const key = keyOf(referrer, wanted.specifier);
    if (resolved.has(key) || ask === undefined || resolved.size >= mostImports) return;
    resolved.set(key, { refusal: `${wanted.specifier} has not been fetched` });
    const imports = await inTurn(async () => {
      const address = addressOf(referrer, wanted);
      const known = names.get(address);
      const found = known === undefined ? await fetchSource(referrer, wanted) : { name: known, code: "", imports: [] };
      resolved.set(key, found);
      if ("refusal" in found || sources.has(found.name)) return [];
      names.set(address, found.name);
      sources.set(found.name, found.code);
      return found.imports;
    });
    const importer = resolved.get(key);
    if (importer !== undefined && "name" in importer) await fetchAll(importer.name, imports);
  }

  async function fetchSource(referrer: string, wanted: ModuleImport) {
    if (++asked > mostModules)
      return { refusal: `${wanted.specifier}: a script may import at most ${mostModules} modules` };
    const reply = await ask?.({ ...wanted, referrer });
    const { name, source, message } = (reply?.value ?? {}) as { name?: unknown; source?: unknown; message?: unknown };
    if (!reply?.ok) return { refusal: typeof message === "string" ? message : disabled };
    if (typeof name !== "string" || typeof source !== "string") return { refusal: `${wanted.specifier} has no source` };
    try {
      return { name, ...compileModule(source) };
    } catch (error) {
      return { refusal: `${name}: ${error instanceof Error ? error.message : error}` };
    }
  }

  async function fetchAll(referrer: string, imports: readonly ModuleImport[]): Promise<void> {
    await Promise.all(imports.map((each) => fetchOne(referrer, each)));
  }

  return {
    fetch: fetchAll,
    resolve(referrer, specifier) {
      const found = resolved.get(keyOf(referrer, specifier)) ?? { refusal: whyUnknown(specifier) };
      if ("refusal" in found) throw new Error(found.refusal);
      return found.name;
    },
    source(name) {
      const source = sources.get(name);
      if (source === undefined) throw new Error(`${name} has not been fetched`);
      return source;
    },
  };

  function whyUnknown(specifier: string): string {
    if (ask === undefined) return disabled;
    return resolved.size >= mostImports
      ? `${specifier}: a script may have at most ${mostImports} imports in all its modules`
      : `${specifier} cannot be imported: write the address as a literal`;
  }
}

function addressOf(referrer: string, { specifier, type }: ModuleImport): string {
  const isRelative = /^\.{0,2}\//.test(specifier);
  return `${type ?? ""} ${isRelative ? (URL.parse(specifier, referrer)?.href ?? specifier) : specifier}`;
}
