/** `runyard image`: the images of the fleet's engines. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list images", load: () => import("./image/ls.ts") },
  pull: { summary: "fetch images from their registries", load: () => import("./image/pull.ts") },
  rm: { summary: "remove images, or names of them", load: () => import("./image/rm.ts") },
  prune: { summary: "remove images without a name that nothing is made of", load: () => import("./image/prune.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Examples:
  $ runyard image pull --host all nginx:1.27
  $ runyard image ls --host all`;
