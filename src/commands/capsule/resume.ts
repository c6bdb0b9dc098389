/** `runyard capsule resume` */
import type { Command } from "commander";
import { resumeCapsule } from "../../client/capsules.ts";
import { defineForEach } from "./each-capsule.ts";

export function define(command: Command): void {
  defineForEach(command, { act: resumeCapsule, done: "runs", help });
}

const help = `
Example:
  $ runyard capsule resume "$ID"`;
