/** `runyard worker`: the worker itself and, as commands beside it, what there is to do for who looks after workers. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list the workers that serve a group", load: () => import("./worker-admin/ls.ts") },
  drain: { summary: "give workers no more tasks, and let them go", load: () => import("./worker-admin/drain.ts") },
  rm: { summary: "remove workers, and queue their tasks again", load: () => import("./worker-admin/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  // What stands behind a command's name is for that command, also where the worker has an option of that name.
  command.enablePositionalOptions();
  if (!Object.hasOwn(commands, args[0] ?? "")) (await import("./worker.ts")).define(command);
  await addCommands(command, commands, args);
}
