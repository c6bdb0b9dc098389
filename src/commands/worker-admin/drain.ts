/** `runyard worker drain` */
import type { Command } from "commander";
import { defineShutDown } from "./shut-down.ts";

export function define(command: Command): void {
  defineShutDown(command, help, { force: false, done: "gets no more tasks, and goes when it has none." });
}

const help = `
What it runs ends as it would. One that is idle goes at once.

Example:
  $ runyard worker ls --json --tag old | jq -r '.[].worker_id' | xargs runyard worker drain`;
