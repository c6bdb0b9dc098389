/** What a machine's memory depends on besides its own shape: it is the state of one emulator and of one processor, and no other can go on with it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { YardError } from "../../platform/errors.ts";
import type { Accelerator } from "./accelerator.ts";
import { readQemuVersion } from "./qemu-version.ts";

export interface MachineKind {
  readonly accelerator: Accelerator;
  /** As people call it. An emulated machine has the same processor on every host. */
  readonly cpu: string;
  /** What that processor can do: a digest, equal for equal ones. */
  readonly cpuFeatures: string;
  /** Of QEMU, which says only of itself that it takes what it has saved. */
  readonly qemu: string;
}

const emulated = { cpu: "qemu64", cpuFeatures: "" };

export async function readMachineKind(qemu: string, accelerator: Accelerator): Promise<MachineKind> {
  const processor = accelerator === "kvm" ? describeProcessor(readFileSync("/proc/cpuinfo", "latin1")) : emulated;
  return { accelerator, ...processor, qemu: await readQemuVersion(qemu) };
}

/** @param cpuinfo as Linux tells it. Its first processor stands for all. */
export function describeProcessor(cpuinfo: string): Pick<MachineKind, "cpu" | "cpuFeatures"> {
  const [first = ""] = cpuinfo.split("\n\n");
  const fact = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(first)?.[1]?.trim() ?? "";
  const model = ["vendor_id", "cpu family", "model", "stepping"].map(fact).join(" ");
  const flags = fact("flags").split(" ").sort().join(" ");
  const cpuFeatures = createHash("sha256").update(`${model}\n${flags}`).digest("hex").slice(0, 16);
  return { cpu: fact("model name") || model, cpuFeatures };
}

/** @throws {YardError} precondition, which says what differs */
export function requireSameKind(saved: MachineKind, here: MachineKind): void {
  const difference = differenceOf(saved, here);
  if (difference === undefined) return;
  const message = `The memory of this machine cannot go on on that host: it was saved ${difference}. Choose a host that is alike, or resume it where it is.`;
  throw new YardError("precondition", message, { field: "host" });
}

function differenceOf(saved: MachineKind, here: MachineKind): string | undefined {
  const named = { kvm: "with KVM", tcg: "under emulation" } as const;
  if (saved.accelerator !== here.accelerator)
    return `${named[saved.accelerator]}, and that host runs machines ${named[here.accelerator]}`;
  if (saved.cpu !== here.cpu) return `on the processor ${saved.cpu}, and that host has ${here.cpu}`;
  if (saved.cpuFeatures !== here.cpuFeatures)
    return `on a processor ${saved.cpu} with other features than that host's have`;
  return saved.qemu === here.qemu ? undefined : `by QEMU ${saved.qemu}, and that host has ${here.qemu}`;
}
