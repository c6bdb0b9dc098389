/** `runyard host`: the machines of a yard. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list the hosts", load: () => import("./host/ls.ts") },
  show: { summary: "show all that is known of a host", load: () => import("./host/show.ts") },
  add: { summary: "add a host, and get the token by which a machine becomes it", load: () => import("./host/add.ts") },
  tag: { summary: "give a host tags, or take them away", load: () => import("./host/tag.ts") },
  rm: { summary: "remove hosts, and end their agents", load: () => import("./host/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Hosts are named by their ids, or by names that they alone have.

Examples:
  $ runyard host add --tag gpu
  $ runyard host ls`;
