/** `runyard container stop` */
import type { Command } from "commander";
import { moveContainer } from "../../client/fleet-containers.ts";
import { defineForEach } from "./each-container.ts";

export function define(command: Command): void {
  defineForEach(command, {
    act: (client, container) => moveContainer(client, container, "stop"),
    done: "is stopped",
    help,
  });
}

const help = `
By its stop signal, and by force when its grace period is over.

Example:
  $ runyard container stop web`;
