/** How large the machine of a sandbox is. */
import type { Limits } from "../sandbox.ts";
import type { MachineShape } from "./emulator-arguments.ts";

const mebibyte = 1024 * 1024;
/** What the kernel and our own programs need besides. */
const systemMib = 96;
const defaultMemoryMib = 256;
/** Machines of few sizes, so that few golden images are made. */
const memoryStepMib = 128;
export const mostVcpus = 64;

export function shapeOf({ memoryBytes, cpus = 1 }: Limits): MachineShape {
  const wantedMib = memoryBytes === undefined ? defaultMemoryMib : memoryBytes / mebibyte + systemMib;
  return {
    memoryMib: Math.max(defaultMemoryMib, Math.ceil(wantedMib / memoryStepMib) * memoryStepMib),
    vcpus: Math.min(mostVcpus, Math.max(1, Math.ceil(cpus))),
  };
}
