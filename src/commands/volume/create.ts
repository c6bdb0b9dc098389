/** `runyard volume create` */
import type { Command } from "commander";
import { volumes } from "../../client/fleet-things.ts";
import { defineCreation } from "../fleet/create-things.ts";

export function define(command: Command): void {
  defineCreation(command, volumes, help);
}

const help = `
One that is there already stays as it is.

Example:
  $ runyard volume create data`;
