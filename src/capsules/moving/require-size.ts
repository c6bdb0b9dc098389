/** A capsule is as large on its next host as its team has asked for, whatever its host says of it: that host may be no friend. */
import { YardError } from "../../platform/errors.ts";
import type { SandboxImage } from "../../sandboxes/sandbox.ts";
import type { Capsule } from "../capsule.ts";

const mebibyte = 1024 * 1024;

/** @throws {YardError} precondition */
export function requireSize({ id, vcpus, memoryMb, diskMb }: Capsule, { limits }: SandboxImage): void {
  const claimed = { vcpus: limits.cpus, memoryMb: inMib(limits.memoryBytes), diskMb: inMib(limits.diskBytes) };
  const asked = { vcpus, memoryMb, diskMb };
  for (const what of ["vcpus", "memoryMb", "diskMb"] as const) {
    if (claimed[what] === asked[what]) continue;
    const message = `Its host says that capsule ${id} has ${claimed[what] ?? "no"} ${what}, and it was made with ${asked[what]}. It stays where it is: have somebody look at that host.`;
    throw new YardError("precondition", message, { field: "host" });
  }
}

const inMib = (bytes: number | undefined) => bytes && bytes / mebibyte;
