/** What sandboxes start from, by name. Of each there is a file `<name>.json`, which says what lies beneath (layer-store.ts); `minimal` needs none. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asStorageError, YardError } from "../../platform/errors.ts";
import { assertId } from "../processes/ids.ts";
import type { SandboxTemplates, Template } from "../sandbox.ts";
import type { Ground, LayerStore } from "./layer-store.ts";
import { unpackRoot } from "./unpack-root.ts";

export interface Templates extends SandboxTemplates {
  /** @throws {YardError} not_found, invalid */
  groundOf(name: string): Ground;
  /** Makes one of what `make` comes back with. @throws {YardError} invalid (`name`), conflict; whatever `make` throws */
  add(name: string, make: () => Promise<Ground>): Promise<Template>;
}

interface TemplateFile extends Ground {
  readonly sizeBytes: number;
  readonly createdAt: number;
}

export const minimalTemplate = "minimal";
const suffix = ".json";

/** What all of them lie on: read anew, as it is asked for once in a while. */
export function templateGrounds(directory: string): Ground[] {
  return templateNames(directory).flatMap((name) => readTemplate(directory, name) ?? []);
}

/** @param parts.beforeCollecting called when a template was removed, before what it lay on may go */
export function openTemplates(parts: {
  readonly directory: string;
  readonly store: LayerStore;
  readonly beforeCollecting: () => Promise<void>;
}): Templates {
  const { directory, store } = parts;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const making = new Set<string>();

  async function add(name: string, make: () => Promise<Ground>): Promise<Template> {
    requireFree(name);
    using _held = store.hold();
    making.add(name);
    try {
      const { tree, overlays } = store.general(await make());
      const sizeBytes = await store.sizeOf({ tree, overlays });
      const made: TemplateFile = { tree, overlays, sizeBytes, createdAt: Date.now() };
      writeWhole(pathOf(directory, name), JSON.stringify(made));
      return asTemplate(name, made);
    } catch (error) {
      throw asStorageError(error, `The template ${name} cannot be kept`);
    } finally {
      making.delete(name);
    }
  }

  function requireFree(name: string): void {
    assertName(name);
    if (name === minimalTemplate || making.has(name) || existsSync(pathOf(directory, name))) {
      throw new YardError("conflict", `There is a template ${name} already. Remove it first.`, { field: "name" });
    }
  }

  return {
    add,
    groundOf(name) {
      assertId(name, "template");
      if (name === minimalTemplate) return { tree: store.minimal(), overlays: [] };
      const found = readTemplate(directory, name);
      if (!found) {
        throw new YardError("not_found", `This host has no template ${name}. Import it first.`, { field: "template" });
      }
      return store.particular(found);
    },
    async list() {
      const kept = templateNames(directory).flatMap((name) => {
        const file = readTemplate(directory, name);
        return file ? [asTemplate(name, file)] : [];
      });
      return [{ name: minimalTemplate, sizeBytes: 0, createdAt: 0 }, ...kept];
    },
    async import(name, archive) {
      const tree = store.newTree();
      try {
        return await add(name, async () => {
          await unpackRoot(archive, tree.path);
          return { tree: tree.id, overlays: [] };
        });
      } catch (error) {
        rmSync(tree.path, { recursive: true, force: true });
        throw error;
      }
    },
    async remove(name) {
      if (name === minimalTemplate) {
        throw new YardError("precondition", "The template minimal is always there.", { field: "name" });
      }
      assertName(name);
      rmSync(pathOf(directory, name), { force: true });
      await parts.beforeCollecting();
      await store.collect();
    },
  };
}

const pathOf = (directory: string, name: string) => join(directory, `${name}${suffix}`);

/** @throws {YardError} invalid */
function assertName(name: string): void {
  if (name.startsWith(".")) throw new YardError("invalid", `${name} begins with a dot.`, { field: "name" });
  try {
    assertId(name, "template");
  } catch (error) {
    throw new YardError("invalid", error instanceof Error ? error.message : "", { field: "name" });
  }
}

function templateNames(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => !name.startsWith(".") && name.endsWith(suffix));
  return names.map((name) => name.slice(0, -suffix.length));
}

/** The files are our own and private: what has the right names is taken as it is. */
function readTemplate(directory: string, name: string): TemplateFile | undefined {
  try {
    const file: unknown = JSON.parse(readFileSync(pathOf(directory, name), "utf8"));
    return typeof file === "object" && file !== null && "tree" in file ? (file as TemplateFile) : undefined;
  } catch {
    return undefined;
  }
}

function asTemplate(name: string, { sizeBytes, createdAt }: TemplateFile): Template {
  return { name, sizeBytes, createdAt };
}

/** Never half of it, whenever the machine goes down. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, path);
}
