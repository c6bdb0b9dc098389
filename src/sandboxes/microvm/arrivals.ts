/** Machines that arrive from other hosts. Their parts are collected in a directory of their own, each whole or not at all; then the machine becomes one of this driver's,
 *  paused or stopped as it was: its files take their places and are on the disk before the journal names it. Whenever we die before that, what is there is nobody's, and
 *  removed at the next start. */
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { asStorageError, YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { createNameLock } from "../../platform/name-lock.ts";
import { findTool } from "../namespace/availability.ts";
import { assertId } from "../processes/ids.ts";
import { deleteLogs, logPaths } from "../processes/logs.ts";
import type { Records } from "../processes/open-records.ts";
import type { Arrivals, ImagePart, SandboxHandle, SandboxImage } from "../sandbox.ts";
import { stampOf } from "./disk-stamp.ts";
import { logPart, type MicrovmImageData, memoryPart, parseImageData } from "./image-data.ts";
import type { LayerHashes } from "./layer-hashes.ts";
import { type MachineKind, requireSameKind } from "./machine-kind.ts";
import { receiveFile, receivePacked, syncPath } from "./part-files.ts";
import { asData, type MicrovmRecord } from "./records.ts";
import { makeKeys } from "./ssh.ts";
import type { Store } from "./store.ts";
import type { Workshop } from "./workshop.ts";

export interface ArrivalsParts {
  /** Of the driver. */
  readonly directory: string;
  /** Of all machines, each in one of its own. */
  readonly machines: string;
  readonly records: Records;
  readonly store: Store;
  readonly hashes: LayerHashes;
  readonly workshop: Pick<Workshop, "system">;
  readonly kind: () => Promise<MachineKind>;
  /** A number that no machine's user has. */
  readonly newUserId: () => number;
  readonly has: (id: string) => boolean;
  /** The journal names it: from here on it is one of the driver's. */
  readonly admit: (id: string, record: MicrovmRecord) => void;
}

/** Forgets what had arrived for an earlier agent. */
export function createArrivals(parts: ArrivalsParts): Arrivals {
  const { directory, machines, records, store, hashes, kind, has } = parts;
  const incoming = join(directory, "incoming");
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { mode: 0o700 });
  const withId = createNameLock();
  const placeOf = (id: string) => join(incoming, id);
  const pathOf = (id: string, { name, hash }: Pick<ImagePart, "name" | "hash">) => join(placeOf(id), `${name}~${hash}`);
  const handleOf = (id: string): SandboxHandle => ({ driver: "microvm", version: 1, id });

  /** Names are made up by chance: of two layers that differ one was made to have the other's. @throws {YardError} conflict */
  async function isInStore({ name, hash }: Pick<ImagePart, "name" | "hash">): Promise<boolean> {
    if (!store.has(name)) return false;
    if ((await hashes.of(name)) === hash) return true;
    throw new YardError("conflict", `That host has another layer ${name}: the image is not what it says.`);
  }

  /** A layer that the store has is kept from here on: nobody else may need it any more when the rest has arrived. */
  async function takeFromStore(id: string, part: ImagePart): Promise<void> {
    if (existsSync(pathOf(id, part)) || !(await isInStore(part))) return;
    linkSync(store.pathOf(part.name), pathOf(id, part));
  }

  async function missingOf(id: string, image: SandboxImage, { layers }: MicrovmImageData): Promise<ImagePart[]> {
    for (const part of image.parts) if (layers.slice(0, -1).includes(part.name)) await takeFromStore(id, part);
    return image.parts.filter((part) => !existsSync(pathOf(id, part)));
  }

  function requireRoom(missing: readonly ImagePart[]): void {
    const { bavail, bsize } = statfsSync(incoming);
    const needed = missing.reduce((sum, { diskBytes }) => sum + diskBytes, 0);
    if (needed <= bavail * bsize) return;
    const mib = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MiB`;
    const message = `The disk of that host has ${mib(bavail * bsize)} left, and ${mib(needed)} are needed. Free some space; nothing was changed.`;
    throw new YardError("storage_full", message);
  }

  /** Its files take their places. @returns what the journal is to say of it */
  async function settle(id: string, image: SandboxImage, data: MicrovmImageData): Promise<MicrovmRecord> {
    const { network, shape, layers, diskBytes, usedBefore, cpuUsBefore } = data;
    const uid = parts.newUserId();
    const place = join(machines, id);
    const partOf = new Map(image.parts.map((part) => [part.name, part]));
    const part = (name: string) => partOf.get(name) ?? { name, hash: "" };
    const arrived = (name: string) => pathOf(id, part(name));
    const top = layers.at(-1) ?? "";
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { mode: 0o700 });
    chownSync(place, uid, uid);
    for (const layer of layers.slice(0, -1)) if (!(await isInStore(part(layer)))) store.take(arrived(layer), layer);
    const topPath = join(place, top);
    renameSync(arrived(top), topPath);
    chownSync(topPath, uid, uid);
    const here = await parts.workshop.system();
    const system = { ...here, machine: data.memory?.machine ?? here.machine };
    let memory: MicrovmRecord["memory"];
    if (data.memory) {
      const file = store.newName("memory");
      const packedBytes = statSync(arrived(memoryPart)).size;
      renameSync(arrived(memoryPart), store.pathOf(file));
      const { sizeBytes, hash, kind: saved } = data.memory;
      memory = {
        file,
        image: { sizeBytes, hash, packedBytes },
        shape,
        system,
        qemu: saved.qemu,
        disk: stampOf(topPath, layers),
      };
    }
    for (const { process } of data.processes) {
      const [output, errors] = logPaths(directory, { sandbox: id, process });
      renameIfThere(arrived(logPart(process, "out")), output);
      renameIfThere(arrived(logPart(process, "err")), errors);
    }
    for (const changed of [place, store.directory, machines, join(directory, "output")]) syncPath(changed);
    const keys = makeKeys(); // whoever connects to it next brings them along
    return {
      limits: image.limits,
      network,
      shape,
      system,
      layers,
      diskBytes,
      usedBefore,
      uid,
      keys,
      cpuUsBefore,
      memory,
    };
  }

  /** The journal names it last: what it has printed is found by then. */
  function record(id: string, { processes }: MicrovmImageData, made: MicrovmRecord): void {
    records.intend({ type: "sandbox", sandbox: id, data: asData(made) });
    for (const { started, exit, ...starting } of processes) {
      const key = { sandbox: id, process: starting.process };
      records.note({ type: "starting", ...starting, ...key });
      if (started) records.note({ type: "started", ...key, ...started });
      if (exit) records.note({ type: "ended", ...key, exit });
    }
    syncPath(join(directory, "journal.ndjson"));
  }

  function undo(id: string, { processes }: MicrovmImageData): void {
    if (records.state.sandboxes.has(id)) records.note({ type: "destroyed", sandbox: id });
    rmSync(join(machines, id), { recursive: true, force: true });
    for (const { process } of processes) deleteLogs(directory, { sandbox: id, process });
  }

  function requireDescribed({ parts: sent }: SandboxImage, { layers, memory, processes }: MicrovmImageData): void {
    const names = new Set(sent.map(({ name }) => name));
    const logs = processes.flatMap(({ process }) => [logPart(process, "out"), logPart(process, "err")]);
    const needed = memory ? [...layers, memoryPart] : layers;
    const known = new Set([...needed, ...logs]);
    const isMemorySame = sent.every(({ name, hash }) => name !== memoryPart || hash === memory?.hash);
    if (needed.every((name) => names.has(name)) && sent.every(({ name }) => known.has(name)) && isMemorySame) return;
    throw new YardError("invalid", "The parts of the image are not those of its machine.", { field: "image" });
  }

  /** @throws {YardError} invalid, precondition */
  async function check(image: SandboxImage): Promise<MicrovmImageData> {
    assertId(image.id, "sandbox");
    const data = parseImageData(image);
    requireDescribed(image, data);
    if (data.memory) requireSameKind(data.memory.kind, await kind());
    if (data.network === "outbound" && findTool("nft") === undefined)
      throw new YardError("precondition", "That host gives machines no network: install nftables there.");
    return data;
  }

  return {
    list: async () => readdirSync(incoming),
    begin: (image) =>
      withId(image.id, async () => {
        const data = await check(image);
        if (has(image.id)) throw new YardError("conflict", `There is a sandbox ${image.id} already.`, { field: "id" });
        try {
          mkdirSync(placeOf(image.id), { recursive: true, mode: 0o700 });
          const missing = await missingOf(image.id, image, data);
          requireRoom(missing);
          return missing.map(({ name }) => name);
        } catch (error) {
          rmSync(placeOf(image.id), { recursive: true, force: true });
          throw asStorageError(error, "The machine cannot be taken in");
        }
      }),

    async put(id, part, content) {
      assertPart(id, part);
      if (!existsSync(placeOf(id))) throw new YardError("not_found", `No sandbox ${id} arrives here: begin anew.`);
      const path = pathOf(id, part);
      const draft = join(incoming, id, newId("draft"));
      if (part.name === memoryPart) await receivePacked(content, draft, part);
      else await receiveFile(content, draft, part);
      renameSync(draft, path);
    },

    complete: (image) =>
      withId(image.id, async () => {
        const { id } = image;
        if (has(id)) return handleOf(id);
        const data = await check(image);
        const isMissing = image.parts.some((part) => !existsSync(pathOf(id, part)));
        if (isMissing) throw new YardError("precondition", `Parts of sandbox ${id} are missing: begin anew.`);
        using _held = store.hold();
        try {
          const made = await settle(id, image, data);
          record(id, data, made);
          parts.admit(id, made);
        } catch (error) {
          undo(id, data);
          throw asStorageError(error, "The machine cannot be taken in");
        } finally {
          rmSync(placeOf(id), { recursive: true, force: true });
        }
        return handleOf(id);
      }),

    abandon: (id) =>
      withId(id, async () => {
        assertId(id, "sandbox");
        rmSync(placeOf(id), { recursive: true, force: true });
      }),
  };
}

function renameIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}

/** They become names of files. @throws {YardError} invalid */
function assertPart(id: string, { name, hash }: Pick<ImagePart, "name" | "hash">): void {
  assertId(id, "sandbox");
  if (/^[A-Za-z0-9_.-]{1,80}$/.test(name) && /^[0-9a-f]{64}$/.test(hash)) return;
  throw new YardError("invalid", "That is no part of an image.", { field: "part" });
}
