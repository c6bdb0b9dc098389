/** `runyard group`: groups, whose members share tasks, workers and attachments. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list the groups that you are in", load: () => import("./group/ls.ts") },
  create: { summary: "make a group, with you as its Admin", load: () => import("./group/create.ts") },
  show: { summary: "show all that is known of a group", load: () => import("./group/show.ts") },
  add: { summary: "take users into a group, or change what they may do", load: () => import("./group/add.ts") },
  remove: { summary: "remove users from a group", load: () => import("./group/remove.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Every user has a group of the same name. Read sees what is in a group, Write submits to it, Admin decides who is in it.

Examples:
  $ runyard group create crew
  $ runyard group add --role Write crew ben cyd
  $ runyard task submit --group crew -- make test`;
