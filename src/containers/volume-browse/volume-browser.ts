/** What is in a volume. Nothing of it is ever resolved on the host: neither names nor links. */
import { YardError } from "../../platform/errors.ts";
import { createNameLock } from "../../platform/name-lock.ts";
import { createSlots } from "../../platform/slots.ts";
import type { DockerHost } from "../docker-hosts.ts";
import { requireName } from "../names.ts";
import { type ReaderResult, runBesideVolume } from "./reader-container.ts";
import { ensureReaderImage } from "./reader-image.ts";
import { listScript, outside, readScript, unfit } from "./reader-scripts.ts";

export interface VolumeEntry {
  readonly name: string;
  readonly type: "file" | "dir" | "symlink";
  readonly sizeBytes: number;
  /** With its type, as stat(2) has it. */
  readonly mode: number;
  readonly modifiedMs: number;
  readonly target?: string;
}

export interface VolumeFile {
  /** As much of it as is shown. */
  readonly content: Buffer;
  readonly sizeBytes: number;
}

export interface VolumeBrowser {
  /** The first 1,000 by name of up to some 10,000. @throws {YardError} invalid (the path leads out of the volume, or to a file), not_found, precondition, unavailable */
  list(host: DockerHost, volume: string, path: string): Promise<readonly VolumeEntry[]>;
  /** Its first MiB. @throws {YardError} as `list`; invalid, for what is no file */
  read(host: DockerHost, volume: string, path: string): Promise<VolumeFile>;
}

const mebibyte = 1024 * 1024;
const mostEntries = 1_000;
/** Each look is a container: not more of them at one time. */
const atOnce = 4;

export function createVolumeBrowser(): VolumeBrowser {
  const withSlot = createSlots(atOnce);
  const oneAtATime = createNameLock(); // else each of the first ones would bring the image, and all but one stay without a name

  async function run(host: DockerHost, volume: string, path: string, script: string, maxBytes: number) {
    requireName(volume, "name");
    requireInside(path);
    const result = await withSlot(async () => {
      const image = await oneAtATime(host.id, () => ensureReaderImage(host.engine));
      return runBesideVolume(host.engine, volume, script, [path], { image, maxBytes });
    });
    requireSuccess(result, path);
    return result.output;
  }

  return {
    async list(host, volume, path) {
      const entries = parseEntries(await run(host, volume, path, listScript, 2 * mebibyte));
      return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, mostEntries);
    },
    async read(host, volume, path) {
      const output = await run(host, volume, path, readScript, mebibyte + 64);
      const end = output.indexOf("\n");
      return { sizeBytes: Number(output.subarray(0, end)), content: output.subarray(end + 1) };
    },
  };
}

/** @throws {YardError} invalid */
function requireInside(path: string): void {
  let depth = 0;
  for (const part of path.split("/")) {
    if (part === "..") depth -= 1;
    else if (part !== "" && part !== ".") depth += 1;
    if (depth < 0) throw leadsOut();
  }
  if (path.includes("\0") || path.length > 4_096) {
    throw new YardError("invalid", "is no path: at most 4096 characters, and no NUL", { field: "path" });
  }
}

function requireSuccess({ exitCode }: ReaderResult, path: string): void {
  if (exitCode === 0) return;
  if (exitCode === outside) throw leadsOut();
  const shown = JSON.stringify(path.slice(0, 200));
  if (exitCode === unfit) throw new YardError("invalid", `${shown} is of another kind.`, { field: "path" });
  throw new YardError("not_found", `The volume has no ${shown}.`, { field: "path" });
}

function leadsOut(): YardError {
  return new YardError("invalid", "leads out of the volume", { field: "path" });
}

const [typeBits, directoryBits, linkBits] = [0o170000, 0o040000, 0o120000];

/** Each is a line of numbers, then its name and where it leads, each to a NUL. A last one that is cut off is left out. */
function parseEntries(output: Buffer): VolumeEntry[] {
  const entries: VolumeEntry[] = [];
  const texts = output.toString("utf8").split("\0");
  for (let at = 0; at + 2 < texts.length; at += 2) {
    const [line = "", ...name] = (texts[at] ?? "").split("\n");
    const [mode = "", size, modified] = line.split(" ");
    const bits = Number.parseInt(mode, 16);
    const type = { [directoryBits]: "dir", [linkBits]: "symlink" } as const;
    const target = texts[at + 1];
    entries.push({
      ...{ name: name.join("\n"), type: type[bits & typeBits] ?? "file", mode: bits },
      ...{ sizeBytes: Number(size), modifiedMs: Number(modified) * 1_000 },
      ...(target ? { target } : {}),
    });
  }
  return entries;
}
