/** `runyard js`: scripts, whose memory can be saved and gone on from. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  run: { summary: "run a script, with its output and its result", load: () => import("./js/run.ts") },
  ls: { summary: "list the executions, the newest first", load: () => import("./js/ls.ts") },
  show: { summary: "show what became of an execution", load: () => import("./js/show.ts") },
  output: { summary: "print what an execution has printed", load: () => import("./js/output.ts") },
  cancel: { summary: "end executions that run", load: () => import("./js/cancel.ts") },
  repl: { summary: "a prompt whose memory outlives it", load: () => import("./js/repl.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Examples:
  $ runyard js run -e '[1, 2, 3].map((x) => x * x)'
  $ runyard js run --session report collect.ts
  $ runyard js repl
  $ runyard js run --help`;
