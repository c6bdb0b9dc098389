/** What an image of this driver says of its machine, besides the parts. It comes from another host, which may be no friend: nothing of it is believed before it was
 *  looked at. What it holds of the machine itself (layers, memory) concerns the emulator alone, which reaches nothing but its own. */
import { YardError } from "../../platform/errors.ts";
import type { ProcessRecord } from "../processes/records.ts";
import type { NetworkMode, SandboxImage } from "../sandbox.ts";
import type { MachineShape } from "./emulator-arguments.ts";
import type { MachineKind } from "./machine-kind.ts";
import type { MemoryImage } from "./memory-image.ts";
import { shapeOf } from "./shape.ts";
import type { System } from "./store.ts";

/** Of the part that is the machine's memory. */
export const memoryPart = "memory";
/** Of parts that are logs of processes. */
export const logPart = (process: string, stream: "out" | "err") => `${stream}.${process}`;

export interface MicrovmImageData {
  readonly network: NetworkMode;
  readonly shape: MachineShape;
  /** Names of parts, the lowest first. */
  readonly layers: readonly string[];
  readonly diskBytes: number;
  readonly usedBefore: number;
  readonly cpuUsBefore: number;
  /** Absent: it is booted from its disk. */
  readonly memory?: Pick<MemoryImage, "sizeBytes" | "hash"> & Pick<System, "machine"> & { readonly kind: MachineKind };
  /** Of its processes, without the sandbox' id. */
  readonly processes: readonly Omit<ProcessRecord, "sandbox">[];
}

type Fields = Readonly<Record<string, unknown>>;

const mostLayers = 100;
const mostProcesses = 2_000;
const layerPattern = /^disk_[0-9a-z]{26}$/;
/** It names files. */
const idPattern = /^[A-Za-z0-9_.-]{1,64}$/;
const hashPattern = /^[0-9a-f]{64}$/;
const machinePattern = /^pc-i440fx-\d{1,3}\.\d{1,3}$/;

/** @throws {YardError} invalid */
export function parseImageData({ data, limits }: SandboxImage): MicrovmImageData {
  const shape = shapeOf(limits);
  const claimed = object(data.shape);
  if (claimed.memoryMib !== shape.memoryMib || claimed.vcpus !== shape.vcpus)
    throw unreadable("the size it was made with");
  const layers = list(data.layers, mostLayers).map((name) => matching(name, layerPattern));
  if (layers.length === 0 || new Set(layers).size < layers.length) throw unreadable("layers");
  return {
    network: data.network === "outbound" ? "outbound" : "none",
    shape,
    layers,
    diskBytes: count(data.diskBytes),
    usedBefore: count(data.usedBefore),
    cpuUsBefore: count(data.cpuUsBefore),
    memory: data.memory === undefined ? undefined : parseMemory(object(data.memory)),
    processes: list(data.processes, mostProcesses).map((one) => parseProcess(object(one))),
  };
}

function parseMemory({ sizeBytes, hash, machine, kind: given }: Fields): NonNullable<MicrovmImageData["memory"]> {
  const { accelerator, cpu, cpuFeatures, qemu } = object(given);
  const kind: MachineKind = {
    accelerator: accelerator === "kvm" ? "kvm" : "tcg",
    cpu: text(cpu),
    cpuFeatures: text(cpuFeatures),
    qemu: text(qemu),
  };
  return {
    ...{ sizeBytes: count(sizeBytes), hash: matching(hash, hashPattern) },
    ...{ machine: matching(machine, machinePattern), kind },
  };
}

function parseProcess(fields: Fields): Omit<ProcessRecord, "sandbox"> {
  const { process, streams, meta, forgetAfterMs, sparesGroup, started, exit } = fields;
  return {
    process: matching(process, idPattern),
    at: number(fields.at),
    maxOutputBytes: count(fields.maxOutputBytes),
    ...(streams === "separate" && { streams }),
    ...(meta !== undefined && { meta: object(meta) }),
    ...(forgetAfterMs !== undefined && { forgetAfterMs: number(forgetAfterMs) }),
    ...(sparesGroup === true && { sparesGroup }),
    // The boot of a process in a machine is told by its traces: none is known here.
    ...(started !== undefined && { started: { pid: count(object(started).pid), startTicks: 0, boot: "" } }),
    ...(exit !== undefined && { exit: parseExit(object(exit)) }),
  };
}

function parseExit({ code, signal, at, outOfMemory }: Fields): NonNullable<ProcessRecord["exit"]> {
  return {
    code: code === null || code === undefined ? null : number(code),
    signal: signal === null || signal === undefined ? null : text(signal),
    at: number(at),
    ...(outOfMemory === true && { outOfMemory }),
  };
}

function number(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw unreadable("a number");
  return value;
}

function count(value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  const found = number(value);
  if (!Number.isSafeInteger(found) || found < 0 || found > most) throw unreadable(`a whole number up to ${most}`);
  return found;
}

function text(value: unknown): string {
  if (typeof value !== "string" || value.length > 256) throw unreadable("a short text");
  return value;
}

function matching(value: unknown, pattern: RegExp): string {
  const found = text(value);
  if (!pattern.test(found)) throw unreadable(`text like ${pattern}`);
  return found;
}

function list(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw unreadable(`a list of at most ${most}`);
  return value;
}

function object(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unreadable("an object");
  return value as Fields;
}

function unreadable(lacks: string): YardError {
  const message = `The image of the machine cannot be read (${lacks}): its host may be of another version.`;
  return new YardError("invalid", message, { field: "image" });
}
