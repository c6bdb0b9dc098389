/** `runyard fs`: snapshots, the immutable file trees that scripts mount and leave, and labels, their names. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  pull: { summary: "write the files of a snapshot into a directory", load: () => import("./fs/pull.ts") },
  ls: { summary: "list what is in a snapshot", load: () => import("./fs/ls.ts") },
  labels: { summary: "list the labels and the snapshots that they name", load: () => import("./fs/labels.ts") },
  head: { summary: "print the id of the snapshot that a label names", load: () => import("./fs/head.ts") },
  log: { summary: "show where a label has pointed", load: () => import("./fs/log.ts") },
  push: { summary: "point a label to the files of a directory, or to a snapshot", load: () => import("./fs/push.ts") },
  reset: { summary: "point a label to where it has been before", load: () => import("./fs/reset.ts") },
  merge: { summary: "merge two snapshots into a new one", load: () => import("./fs/merge.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
A script mounts a snapshot with \`js run --fs\`, and leaves a new one; a label is moved to that when you say so. Where a snapshot is asked for,
give its id or a label.

Examples:
  $ runyard fs push site ./site
  $ BASE=$(runyard fs head site)
  $ MINE=$(runyard js run --json --fs "$BASE" build.ts | jq -r .fs)
  $ runyard fs push --expected "$BASE" site "$MINE"
  $ runyard fs merge --base "$BASE" "$MINE" site
  $ runyard fs pull site ./copy`;
