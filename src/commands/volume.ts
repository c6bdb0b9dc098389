/** `runyard volume`: the volumes of the fleet's engines. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list volumes", load: () => import("./volume/ls.ts") },
  create: { summary: "make a volume", load: () => import("./volume/create.ts") },
  browse: { summary: "look at what is in a volume", load: () => import("./volume/browse.ts") },
  rm: { summary: "remove volumes, with all that is in them", load: () => import("./volume/rm.ts") },
  prune: { summary: "remove volumes that no container uses", load: () => import("./volume/prune.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Examples:
  $ runyard volume ls --host all
  $ runyard volume browse shop_data /conf`;
