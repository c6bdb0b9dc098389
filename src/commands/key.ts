/** `runyard key`: what programs of a team log in with. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  create: { summary: "make a key of the team, and print it", load: () => import("./key/create.ts") },
  ls: { summary: "list the keys of the team", load: () => import("./key/ls.ts") },
  rm: { summary: "remove keys; what uses them is refused from then on", load: () => import("./key/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
A key works with the capsules and templates of its team, and with nothing else. The team is the one that the session is for: runyard team switch.

Examples:
  $ RUNYARD_TOKEN=$(runyard key create ci) runyard capsule ls
  $ runyard key ls`;
