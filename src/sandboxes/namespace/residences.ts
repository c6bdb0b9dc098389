/** Makes what sandboxes live in, under names that say nothing about who lives there: so that it can be made before anybody asks for it (warm-residences.ts). */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../platform/ids.ts";
import { mounts } from "../../platform/process/mounts.ts";
import { marksFor } from "../processes/marks.ts";
import type { NetworkMode } from "../sandbox.ts";
import type { Programs } from "./availability.ts";
import { imageSign, type Layer } from "./layer-store.ts";
import type { LowerLayers } from "./lower-layers.ts";
import type { SandboxNetwork } from "./network/network.ts";
import type { NamespaceRecord } from "./records.ts";
import { clearResidence, findResidence, makeResidence, quietResidence, type Residence } from "./residence.ts";
import { openRootFileSystem, type SandboxPlace } from "./root-file-system.ts";
import type { UserNamespaces } from "./user-namespaces.ts";

/** What cannot be changed any more once it is made. */
export interface Shape {
  readonly layers: readonly Layer[];
  readonly diskBytes?: number;
  readonly sharedMemoryBytes: number;
  readonly network: NetworkMode;
}

export interface Residences {
  /** @param options.isAhead nobody waits for it yet
   *  @throws {YardError} invalid, precondition, unavailable, storage_full; then nothing is left */
  make(shape: Shape, options?: { isAhead?: boolean }): Promise<Residence>;
  /** One that an earlier agent has made. @returns undefined, if its first process is gone */
  find(record: NamespaceRecord): Residence | undefined;
  /** Makes one whose first process is gone anew, with what was written there. @throws {YardError} as `make`; then that stays */
  again(name: string, shape: Shape): Promise<Residence>;
  /** What was written in one becomes a layer: a directory that is made.
   *  @param leave ends what runs there. Resolves to false, if there was nothing to end: it may not have been cleared away */
  giveUp(name: string, layer: string, leave: () => Promise<boolean>): Promise<void>;
  /** Removes one in which nothing runs. */
  discard(name: string): Promise<void>;
  /** Removes all that earlier agents have left, but those; of them, what does not live any more. */
  clear(kept: ReadonlyMap<string, { readonly isAlive: boolean }>): Promise<void>;
}

export interface ResidencesParts {
  readonly directory: string;
  /** Of root file systems. */
  readonly runtimeDirectory: string;
  readonly owner: string;
  readonly programs: Programs;
  readonly filterPath: string;
  readonly lowers: LowerLayers;
  readonly network: SandboxNetwork;
  readonly users: () => Promise<UserNamespaces>;
}

export function createResidences(parts: ResidencesParts): Residences {
  const { directory, runtimeDirectory, owner, network } = parts;
  const all = join(directory, "sandboxes");
  const placeOf = (name: string): SandboxPlace => ({
    directory: join(all, name),
    rootPath: join(runtimeDirectory, owner, name),
  });
  const groupOf = (name: string) => `runyard-${owner}-${name}`;

  async function make(name: string, { network: mode, ...shape }: Shape, isAhead = false): Promise<Residence> {
    const users = await parts.users();
    const connection = mode === "outbound" ? await network.reserve() : undefined;
    const { programs, filterPath, lowers } = parts;
    const marks = marksFor(owner, name, "init");
    const made = { name, group: groupOf(name), ...placeOf(name), marks, users, connection };
    return makeResidence({ ...made, ...shape, programs, filterPath, lowers, isAhead });
  }

  return {
    make: (shape, { isAhead = false } = {}) => make(newId("box"), shape, isAhead),
    again: async (name, shape) => {
      await quietResidence(placeOf(name), groupOf(name));
      return make(name, shape);
    },
    async giveUp(name, layer, leave) {
      const { directory } = placeOf(name);
      mkdirSync(layer, { recursive: true, mode: 0o700 });
      const image = join(directory, "image");
      let isLeft: boolean;
      if (existsSync(image)) {
        writeFileSync(join(layer, imageSign), "");
        mkdirSync(join(layer, "own"), { mode: 0o700 });
        // Mounted there before it is not any more here: mounting its file a second time, while the kernel still has the first, would damage it.
        await mounts().bindReadOnly(join(directory, "own"), join(layer, "own"));
        isLeft = await leave();
        renameSync(image, join(layer, "image"));
      } else {
        isLeft = await leave();
        renameSync(join(directory, "own"), join(layer, "own"));
      }
      await (isLeft ? openRootFileSystem(placeOf(name)).remove() : clearResidence(placeOf(name), groupOf(name)));
    },
    discard: (name) => clearResidence(placeOf(name), groupOf(name)),
    find: (record) => (record.name === undefined ? undefined : findResidence(placeOf(record.name), record, network)),
    async clear(kept) {
      for (const name of readdirSync(all)) {
        const one = kept.get(name);
        if (!one) await clearResidence(placeOf(name), groupOf(name));
        else if (!one.isAlive) await quietResidence(placeOf(name), groupOf(name));
      }
    },
  };
}
