/** What a capsule is to be, as options. */
import type { Command } from "commander";
import type { CapsuleWanted } from "../../client/capsules.ts";
import { wholeNumber } from "../option-values.ts";

export interface CapsuleOptions {
  vcpus?: number;
  memory?: number;
}

export function addCapsuleOptions(command: Command): Command {
  return command
    .option("--vcpus <count>", "how many processors it may keep busy (default: 1)", wholeNumber({ min: 1, max: 1_024 }))
    .option(
      "--memory <mib>",
      "how much memory it may take, in MiB (default: 512, or as its template has it)",
      wholeNumber({ min: 1, max: 16 * 1024 ** 2 }),
    );
}

export function wantedOf({ vcpus, memory }: CapsuleOptions): CapsuleWanted {
  return { vcpus, memoryMb: memory };
}
