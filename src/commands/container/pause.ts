/** `runyard container pause` */
import type { Command } from "commander";
import { moveContainer } from "../../client/fleet-containers.ts";
import { defineForEach } from "./each-container.ts";

export function define(command: Command): void {
  defineForEach(command, {
    act: (client, container) => moveContainer(client, container, "pause"),
    done: "is paused",
    help,
  });
}

const help = `
Nothing in it runs until it is unpaused.

Example:
  $ runyard container pause web`;
