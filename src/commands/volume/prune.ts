/** `runyard volume prune` */
import type { Command } from "commander";
import { definePruning } from "../fleet/prune-things.ts";

export function define(command: Command): void {
  definePruning(command, "volumes", { help, loses: ", with all that is in them" });
}

const help = `
Those that no container uses, also volumes with names: what is in them is gone. Tells which these are and asks; where there is no terminal to ask at, it
refuses unless --yes is given.

Examples:
  $ runyard volume prune --preview
  $ runyard volume prune`;
