/** `runyard worker rm` */
import type { Command } from "commander";
import { defineShutDown } from "./shut-down.ts";

export function define(command: Command): void {
  defineShutDown(command, help, { force: true, done: "is removed; what it ran is ready for another." });
}

const help = `
At once. Its tasks go back into the queue, and run again from their beginning; it learns of that by its next call, and stops them.

Example:
  $ runyard worker rm 0f8fad5b-d9cb-469f-a165-70867728950e`;
