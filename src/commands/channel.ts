/** `runyard channel`: where a team is told what happens. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  create: { summary: "tell somebody what happens to the team's capsules", load: () => import("./channel/create.ts") },
  ls: { summary: "list the channels, and what became of their deliveries", load: () => import("./channel/ls.ts") },
  test: { summary: "send a test to a receiver, and keep nothing", load: () => import("./channel/test.ts") },
  configure: { summary: "give a channel other addresses and secrets", load: () => import("./channel/configure.ts") },
  rm: { summary: "remove channels", load: () => import("./channel/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Examples:
  $ runyard channel test webhook --set url=https://example.org/hook
  $ runyard channel create ops webhook --set url=https://example.org/hook --event capsule.destroyed
  $ runyard channel ls`;
