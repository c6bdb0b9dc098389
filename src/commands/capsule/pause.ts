/** `runyard capsule pause` */
import type { Command } from "commander";
import { pauseCapsule } from "../../client/capsules.ts";
import { defineForEach } from "./each-capsule.ts";

export function define(command: Command): void {
  defineForEach(command, { act: pauseCapsule, done: "is paused", help });
}

const help = `
Nothing in it runs until it is resumed. What a pause keeps, runyard capsule show tells.

Example:
  $ runyard capsule pause "$ID"`;
