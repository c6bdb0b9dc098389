/** `runyard volume rm` */
import type { Command } from "commander";
import { volumes } from "../../client/fleet-things.ts";
import { defineRemoval } from "../fleet/remove-things.ts";

export function define(command: Command): void {
  defineRemoval(command, volumes, {
    help,
    loses: ", with all that is in it",
    canForce: "also one whose driver does not answer",
  });
}

const help = `
What is in them is gone. Asks before it does; where there is no terminal to ask at, it refuses unless --yes is given.

Example:
  $ runyard volume rm data`;
