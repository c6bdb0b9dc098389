/** `runyard container start` */
import type { Command } from "commander";
import { moveContainer } from "../../client/fleet-containers.ts";
import { defineForEach } from "./each-container.ts";

export function define(command: Command): void {
  defineForEach(command, { act: (client, container) => moveContainer(client, container, "start"), done: "runs", help });
}

const help = `
One that runs already stays as it is.

Example:
  $ runyard container start web`;
