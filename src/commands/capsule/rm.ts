/** `runyard capsule rm` */
import type { Command } from "commander";
import { destroyCapsule } from "../../client/capsules.ts";
import { defineForEach } from "./each-capsule.ts";

export function define(command: Command): void {
  defineForEach(command, { act: destroyCapsule, done: "has ended", help });
}

const help = `
What is in it is gone, unless a template was made of it: runyard capsule snapshot.

Example:
  $ runyard capsule rm "$ID"`;
