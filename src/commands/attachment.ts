/** `runyard attachment`: files that a group keeps for its tasks. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  put: { summary: "upload a file", load: () => import("./attachment/put.ts") },
  get: { summary: "download one", load: () => import("./attachment/get.ts") },
  ls: { summary: "list them", load: () => import("./attachment/ls.ts") },
  rm: { summary: "delete some", load: () => import("./attachment/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Each has a key, which may have slashes. A task gets one by \`--resource PATH=attachment:KEY\`.

Examples:
  $ runyard attachment put data.csv sets/data.csv
  $ runyard attachment get sets/data.csv copy.csv
  $ runyard task run --resource data.csv=attachment:sets/data.csv -- sh -c 'wc -l "$MITO_RESOURCE_DIR/data.csv"'`;
