/** `runyard template`: what capsules start from. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  build: {
    summary: "make a template of a directory, an archive, an image or Debian",
    load: () => import("./template/build.ts"),
  },
  ls: { summary: "list the templates", load: () => import("./template/ls.ts") },
  import: {
    summary: "make a template of an archive of a root file system",
    load: () => import("./template/import.ts"),
  },
  rm: { summary: "remove templates of the team", load: () => import("./template/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
A template is also made of a capsule: runyard capsule snapshot.

Examples:
  $ docker export "$CONTAINER" | runyard template import python -
  $ runyard template ls
  $ runyard capsule create python`;
