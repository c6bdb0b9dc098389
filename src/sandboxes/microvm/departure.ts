/** A machine that leaves for another host: what is sent of it, while nothing of it runs. Its own layer is sent as it is, with the store's layers below it, its memory, and
 *  what its processes have printed. The kernel that it has started with is in its memory: the other host's own serves for its next start. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { logPaths } from "../processes/logs.ts";
import type { Records } from "../processes/open-records.ts";
import type { ProcessRecord } from "../processes/records.ts";
import type { Departure, ImagePart } from "../sandbox.ts";
import { requireSameDisk } from "./disk-stamp.ts";
import type { Home } from "./home.ts";
import { logPart, type MicrovmImageData, memoryPart } from "./image-data.ts";
import type { LayerHashes } from "./layer-hashes.ts";
import type { MachineKind } from "./machine-kind.ts";
import { hashOfFile, sendFile, sizesOf } from "./part-files.ts";
import type { SavedMemory, Store } from "./store.ts";

export interface DepartureParts {
  readonly id: string;
  readonly home: Home;
  /** Of the driver: logs are there. */
  readonly directory: string;
  /** Of the machine: its own layer is there. */
  readonly place: string;
  readonly records: Records;
  readonly store: Store;
  readonly hashes: LayerHashes;
  readonly kind: () => Promise<MachineKind>;
}

export function createDeparture(parts: DepartureParts): Departure {
  const { id, home, directory, place, records, store, hashes } = parts;

  const ownProcesses = (): ProcessRecord[] =>
    [...records.state.processes.values()].filter(({ sandbox }) => sandbox === id);

  function pathOfLayer(name: string): string {
    return name === home.record.layers.at(-1) ? join(place, name) : store.pathOf(name);
  }

  /** Where each of its logs is. */
  function logs(): Map<string, string> {
    return new Map(
      ownProcesses().flatMap((record) => {
        const [output, errors] = logPaths(directory, record);
        const own: [string, string][] = [[logPart(record.process, "out"), output]];
        if (record.streams === "separate") own.push([logPart(record.process, "err"), errors]);
        return own.filter(([, path]) => existsSync(path));
      }),
    );
  }

  async function partOfFile(name: string, path: string, hash?: Promise<string>): Promise<ImagePart> {
    return { name, ...sizesOf(path), hash: await (hash ?? hashOfFile(path)) };
  }

  async function partsOf(): Promise<ImagePart[]> {
    const { layers, memory } = home.record;
    const found: ImagePart[] = [];
    for (const name of layers) {
      const isOwn = name === layers.at(-1);
      found.push(await partOfFile(name, pathOfLayer(name), isOwn ? undefined : hashes.of(name)));
    }
    if (memory) {
      const { sizeBytes: bytes, hash } = memory.image;
      found.push({ name: memoryPart, bytes, hash, diskBytes: sizesOf(store.pathOf(memory.file)).diskBytes });
    }
    for (const [name, path] of logs()) found.push(await partOfFile(name, path));
    return found;
  }

  async function kindOf({ system: { accelerator }, qemu }: SavedMemory): Promise<MachineKind> {
    const here = await parts.kind();
    return { ...here, accelerator, qemu: qemu ?? here.qemu };
  }

  function requireStill(): void {
    if (home.state() !== "running") return;
    throw new YardError("precondition", `Sandbox ${id} is running: pause it before it is moved.`);
  }

  return {
    async image() {
      requireStill();
      const { limits, network, shape, layers, diskBytes, usedBefore = 0, memory } = home.record;
      if (memory) requireSameDisk(memory.disk, pathOfLayer(layers.at(-1) ?? ""), layers);
      const data: MicrovmImageData = {
        ...{ network, shape, layers, diskBytes, usedBefore },
        cpuUsBefore: home.cpuUs(),
        memory: memory && {
          ...{ sizeBytes: memory.image.sizeBytes, hash: memory.image.hash, machine: memory.system.machine },
          kind: await kindOf(memory),
        },
        processes: ownProcesses().map(({ sandbox: _, ...record }) => record),
      };
      return { driver: "microvm", version: 1, id, limits, data: { ...data }, parts: await partsOf() };
    },
    async part(name) {
      const { layers, memory } = home.record;
      if (name === memoryPart && memory)
        return sendFile(store.pathOf(memory.file), { isPacked: memory.image.packedBytes !== undefined });
      const path = layers.includes(name) ? pathOfLayer(name) : logs().get(name);
      if (path === undefined) throw new YardError("not_found", `Sandbox ${id} has no part ${name}.`, { field: "part" });
      return sendFile(path, { isPacked: false });
    },
  };
}
