/** `runyard image prune` */
import type { Command } from "commander";
import { definePruning } from "../fleet/prune-things.ts";

export function define(command: Command): void {
  definePruning(command, "images", { help });
}

const help = `
Those that have no name, and that no container is made of. Tells which these are and asks; where there is no terminal to ask at, it refuses unless --yes is
given.

Examples:
  $ runyard image prune --preview --host all
  $ runyard image prune --yes`;
