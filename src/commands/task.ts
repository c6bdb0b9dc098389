/** `runyard task`: commands that wait in a queue until a worker runs them. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  run: { summary: "submit a command, wait for it, and print what it printed", load: () => import("./task/run.ts") },
  submit: { summary: "submit a command, and print the task's id", load: () => import("./task/submit.ts") },
  map: { summary: "submit one command for each line of a list, and wait for all", load: () => import("./task/map.ts") },
  ls: { summary: "list tasks", load: () => import("./task/ls.ts") },
  show: { summary: "show all that is known of a task", load: () => import("./task/show.ts") },
  logs: { summary: "print what a task has printed", load: () => import("./task/logs.ts") },
  cancel: { summary: "end tasks that wait or run", load: () => import("./task/cancel.ts") },
  artifacts: { summary: "list what a task has left, and fetch it", load: () => import("./task/artifacts.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
A task belongs to a group, and a worker that serves the group runs it: one that has all tags of the task. The larger priority goes first,
among equals the older.

Examples:
  $ runyard task run -- make test
  $ runyard task submit --tag gpu --priority 5 -- python train.py
  $ runyard task map urls.txt -- curl -fsSO {}
  $ runyard task ls --state running`;
