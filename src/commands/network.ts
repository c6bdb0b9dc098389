/** `runyard network`: the networks of the fleet's engines. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list networks, and how many containers are on them", load: () => import("./network/ls.ts") },
  create: { summary: "make a network", load: () => import("./network/create.ts") },
  rm: { summary: "remove networks", load: () => import("./network/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Examples:
  $ runyard network create front
  $ runyard network ls --host all`;
