/** What machines of a template start from: not its disk but the memory of a machine that has booted from it, the golden image. Each is made once for every size of
 *  machine, when one is first asked for: from then on to make a capsule is to restore one. */
import { createHash } from "node:crypto";
import { chownSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../platform/ids.ts";
import { awaitBoot } from "./birth.ts";
import type { MachineShape } from "./emulator-arguments.ts";
import { type Ground, makeTopLayer, namesOf, type SavedMemory, type Store } from "./store.ts";
import { newUserId, type Workshop } from "./workshop.ts";

export type ReadyGround = Ground & { readonly memory: SavedMemory };

export interface GoldenImages {
  /** @throws {YardError} unavailable, storage_full */
  of(ground: Ground, shape: MachineShape): Promise<ReadyGround>;
  /** Of which nobody can ask any more, as the layers are gone that they were made of. */
  drop(isNeeded: (layer: string) => boolean): void;
  /** Ends the machines that an agent was making some of when it was killed. */
  recover(): Promise<void>;
  /** All that they name. */
  named(): string[];
}

interface GoldenFile extends ReadyGround {
  /** The last layer of what it was made of. */
  readonly of: string;
}

export function openGoldenImages(directory: string, workshop: Workshop, store: () => Store): GoldenImages {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const making = new Map<string, Promise<ReadyGround>>();
  const pathOf = (key: string) => join(directory, `${key}.json`);

  async function make(key: string, ground: Ground, shape: MachineShape): Promise<ReadyGround> {
    using _held = store().hold();
    const system = await workshop.system();
    const place = join(directory, newId("boot"));
    const uid = newUserId(new Set());
    const onGroup = (directories: readonly string[]) =>
      writeFileSync(join(place, groupFile), JSON.stringify(directories), { mode: 0o600 });
    const layer = store().newName("disk");
    mkdirSync(place, { mode: 0o700 });
    chownSync(place, uid, uid);
    try {
      await makeTopLayer(workshop.programs.qemuImg, join(place, layer), { diskBytes: ground.diskBytes, uid });
      const disks = [...store().layers(ground.layers), { id: layer, path: join(place, layer) }];
      const request = {
        name: `golden-${key}`,
        system,
        shape,
        disks,
        directory: place,
        uid,
        onGroup,
      };
      const machine = await workshop.start(request);
      const file = store().newName("memory");
      let memory: SavedMemory;
      try {
        const serial = await machine.connect("serial");
        const booted = awaitBoot(machine, serial).finally(() => serial.destroy());
        await Promise.all([booted, machine.go()]);
        await machine.halt();
        const image = await machine.saveMemory(store().pathOf(file));
        memory = { file, image, shape, system, qemu: machine.qmp.version };
      } finally {
        await machine.kill();
      }
      store().take(join(place, layer), layer);
      const made: GoldenFile = { ...ground, layers: [...ground.layers, layer], memory, of: ground.layers.at(-1) ?? "" };
      writeWhole(pathOf(key), JSON.stringify(made));
      return made;
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  const files = () => readdirSync(directory).filter((name) => name.endsWith(".json"));

  return {
    async of(ground, shape) {
      const { memory } = ground;
      if (memory) return { ...ground, memory };
      const system = await workshop.system();
      const facts = JSON.stringify([ground.layers, shape, system]);
      const key = createHash("sha256").update(facts).digest("hex").slice(0, 24);
      const found = readGolden(pathOf(key));
      if (found && store().has(found.memory.file)) return found;
      const already = making.get(key);
      if (already) return already;
      const made = make(key, ground, shape).finally(() => making.delete(key));
      making.set(key, made);
      return made;
    },
    drop(isNeeded) {
      for (const name of files()) {
        const file = readGolden(join(directory, name));
        if (!file || !isNeeded(file.of)) rmSync(join(directory, name), { force: true });
      }
    },
    async recover() {
      for (const name of readdirSync(directory)) {
        if (name.endsWith(".json")) continue;
        const place = join(directory, name);
        await workshop.removeGroup(readGroup(join(place, groupFile)));
        rmSync(place, { recursive: true, force: true });
      }
    },
    named: () => files().flatMap((name) => namesOf(readGolden(join(directory, name)) ?? nothing)),
  };
}

/** Beside the disk of a machine that boots: where its emulator runs. */
const groupFile = "group";

function readGroup(path: string): string[] {
  try {
    const directories: unknown = JSON.parse(readFileSync(path, "utf8"));
    return Array.isArray(directories) ? directories.map(String) : [];
  } catch {
    return []; // it never came to be
  }
}

const nothing: Ground = { layers: [], diskBytes: 0, freeBytes: 0 };

/** The files are our own and private: what has the right names is taken as it is. */
function readGolden(path: string): GoldenFile | undefined {
  try {
    const file: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof file === "object" && file !== null && "memory" in file ? (file as GoldenFile) : undefined;
  } catch {
    return undefined;
  }
}

/** Never half of it, whenever the machine goes down. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, path);
}
