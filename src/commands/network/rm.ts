/** `runyard network rm` */
import type { Command } from "commander";
import { networks } from "../../client/fleet-things.ts";
import { defineRemoval } from "../fleet/remove-things.ts";

export function define(command: Command): void {
  defineRemoval(command, networks, { help });
}

const help = `
Asks before it does; where there is no terminal to ask at, it refuses unless --yes is given.

Example:
  $ runyard network rm front`;
