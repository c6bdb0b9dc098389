/** `runyard team`: who works together on capsules. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list your teams", load: () => import("./team/ls.ts") },
  create: { summary: "make a team, with you as its owner", load: () => import("./team/create.ts") },
  show: { summary: "show a team and its members", load: () => import("./team/show.ts") },
  add: { summary: "bring users into a team", load: () => import("./team/add.ts") },
  role: { summary: "give a member another role", load: () => import("./team/role.ts") },
  remove: { summary: "remove members from a team", load: () => import("./team/remove.ts") },
  rename: { summary: "give a team another name", load: () => import("./team/rename.ts") },
  leave: { summary: "leave a team", load: () => import("./team/leave.ts") },
  switch: { summary: "work for another team from now on", load: () => import("./team/switch.ts") },
  rm: { summary: "end a team and all that it runs and has", load: () => import("./team/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Capsules, templates, keys and channels are a team's. A team is named by its name or its id.

Examples:
  $ runyard team create crew
  $ runyard team add crew ben@example.org
  $ runyard team switch crew`;
