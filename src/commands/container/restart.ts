/** `runyard container restart` */
import type { Command } from "commander";
import { moveContainer } from "../../client/fleet-containers.ts";
import { defineForEach } from "./each-container.ts";

export function define(command: Command): void {
  defineForEach(command, {
    act: (client, container) => moveContainer(client, container, "restart"),
    done: "runs again",
    help,
  });
}

const help = `
By its stop signal, and by force when its grace period is over; then it is started again.

Example:
  $ runyard container restart web`;
