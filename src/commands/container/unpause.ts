/** `runyard container unpause` */
import type { Command } from "commander";
import { moveContainer } from "../../client/fleet-containers.ts";
import { defineForEach } from "./each-container.ts";

export function define(command: Command): void {
  defineForEach(command, {
    act: (client, container) => moveContainer(client, container, "unpause"),
    done: "goes on",
    help,
  });
}

const help = `
It goes on where it was paused.

Example:
  $ runyard container unpause web`;
