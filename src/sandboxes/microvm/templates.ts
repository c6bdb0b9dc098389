/** What capsules start from, by name. Of each there is a file `<name>.json` that says what lies beneath. `minimal` is made of this host's static busybox. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { asStorageError, YardError } from "../../platform/errors.ts";
import { minimalArchive, minimalTemplate } from "../container/templates.ts";
import { findBusybox, noBusybox } from "../container/tools.ts";
import { assertId } from "../processes/ids.ts";
import type { SandboxTemplates, Template } from "../sandbox.ts";
import { writeWhole } from "./images.ts";
import type { Programs } from "./programs.ts";
import { makeRootDisk } from "./root-disk.ts";
import { type Ground, namesOf, type Store } from "./store.ts";

export interface Templates extends SandboxTemplates {
  /** @throws {YardError} not_found, invalid */
  groundOf(name: string): Promise<Ground>;
  /** Makes one of what `make` comes back with. @throws {YardError} invalid (`name`), conflict; whatever `make` throws */
  add(name: string, make: () => Promise<Ground>): Promise<Template>;
  /** All that they name. */
  named(): string[];
}

interface TemplateFile extends Ground {
  readonly sizeBytes: number;
  readonly createdAt: number;
}

export function openTemplates(
  directory: string,
  parts: { programs: Programs; store: () => Store; onRemoved: () => void },
): Templates {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { programs, store } = parts;
  for (const name of readdirSync(directory)) {
    if (!name.endsWith(".json")) rmSync(join(directory, name), { recursive: true, force: true }); // of an agent that was killed
  }
  const making = new Set<string>();
  const pathOf = (name: string) => join(directory, `${name}.json`);
  let minimal: Promise<Ground> | undefined;

  async function diskOf(archive: AsyncIterable<Uint8Array>): Promise<Ground> {
    const layer = store().newName("disk");
    const draft = join(directory, `.${layer}`);
    const size = await makeRootDisk(programs, archive, draft);
    store().take(draft, layer);
    return { layers: [layer], ...size };
  }

  async function add(name: string, make: () => Promise<Ground>): Promise<Template> {
    requireFree(name);
    using _held = store().hold();
    making.add(name);
    try {
      const ground = await make();
      const made: TemplateFile = { ...ground, sizeBytes: store().sizeOf(ground), createdAt: Date.now() };
      writeWhole(pathOf(name), JSON.stringify(made));
      return { name, sizeBytes: made.sizeBytes, createdAt: made.createdAt };
    } catch (error) {
      throw asStorageError(error, `The template ${name} cannot be kept`);
    } finally {
      making.delete(name);
    }
  }

  function requireFree(name: string): void {
    assertName(name);
    if (name === minimalTemplate || making.has(name) || existsSync(pathOf(name))) {
      throw new YardError("conflict", `There is a template ${name} already. Remove it first.`, { field: "name" });
    }
  }

  /** By what it is made of: another busybox makes another one. */
  async function ensureMinimal(): Promise<Ground> {
    const busybox = await findBusybox();
    if (!busybox) throw noBusybox();
    const content = readFileSync(busybox.path);
    const key = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const path = pathOf(`.minimal-${key}`);
    const found = readTemplate(path);
    if (found) return found;
    using _held = store().hold();
    const ground = await diskOf(minimalArchive(content, busybox.applets));
    writeWhole(path, JSON.stringify({ ...ground, sizeBytes: 0, createdAt: 0 }));
    return ground;
  }

  const all = () => readdirSync(directory).filter((name) => name.endsWith(".json"));

  return {
    add,
    async groundOf(name) {
      if (name === minimalTemplate) {
        minimal ??= ensureMinimal().catch((error) => {
          minimal = undefined;
          throw error;
        });
        return minimal;
      }
      assertName(name, "template");
      const found = readTemplate(pathOf(name));
      if (found) return found;
      throw new YardError("not_found", `This host has no template ${name}. Import it first.`, { field: "template" });
    },
    async list() {
      const kept = all().flatMap((file) => {
        const found = file.startsWith(".") ? undefined : readTemplate(join(directory, file));
        if (!found) return [];
        return [{ name: file.slice(0, -".json".length), sizeBytes: found.sizeBytes, createdAt: found.createdAt }];
      });
      return [{ name: minimalTemplate, sizeBytes: 0, createdAt: 0 }, ...kept];
    },
    import: (name, archive) => add(name, () => diskOf(archive)),
    async remove(name) {
      if (name === minimalTemplate) {
        throw new YardError("precondition", "The template minimal is always there.", { field: "name" });
      }
      assertName(name);
      rmSync(pathOf(name), { force: true });
      parts.onRemoved();
    },
    named: () =>
      all().flatMap((file) =>
        namesOf(readTemplate(join(directory, file)) ?? { layers: [], diskBytes: 0, freeBytes: 0 }),
      ),
  };
}

/** @throws {YardError} invalid */
function assertName(name: string, field = "name"): void {
  if (name.startsWith(".")) throw new YardError("invalid", `${name} begins with a dot.`, { field });
  try {
    assertId(name, "template");
  } catch (cause) {
    throw new YardError("invalid", cause instanceof Error ? cause.message : String(cause), { field });
  }
}

/** The files are our own and private: what has the right names is taken as it is. */
function readTemplate(path: string): TemplateFile | undefined {
  try {
    const file: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof file === "object" && file !== null && "layers" in file ? (file as TemplateFile) : undefined;
  } catch {
    return undefined;
  }
}
