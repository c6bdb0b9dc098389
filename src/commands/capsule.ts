/** `runyard capsule`: machines of one's own that are there in a moment. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  create: { summary: "make a capsule, and print its id", load: () => import("./capsule/create.ts") },
  ls: { summary: "list the capsules", load: () => import("./capsule/ls.ts") },
  show: { summary: "show all that is known of a capsule", load: () => import("./capsule/show.ts") },
  exec: {
    summary: "run a command in a capsule, with its output and its exit code",
    load: () => import("./capsule/exec.ts"),
  },
  shell: { summary: "use a terminal in a capsule", load: () => import("./capsule/shell.ts") },
  ps: { summary: "list what runs in a capsule", load: () => import("./capsule/ps.ts") },
  logs: { summary: "print what a process prints from now on", load: () => import("./capsule/logs.ts") },
  kill: { summary: "end processes in a capsule", load: () => import("./capsule/kill.ts") },
  cp: { summary: "copy files and directories into a capsule, or out of it", load: () => import("./capsule/cp.ts") },
  pause: { summary: "pause capsules", load: () => import("./capsule/pause.ts") },
  resume: { summary: "let paused capsules go on", load: () => import("./capsule/resume.ts") },
  move: { summary: "take a paused capsule to another host", load: () => import("./capsule/move.ts") },
  snapshot: { summary: "make a template of a capsule", load: () => import("./capsule/snapshot.ts") },
  stats: { summary: "show what a capsule takes, or all of them", load: () => import("./capsule/stats.ts") },
  rm: { summary: "end capsules, with all that is in them", load: () => import("./capsule/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
A capsule is named by its id, or by four or more characters of its beginning or its end that no other one has.

Examples:
  $ ID=$(runyard capsule create)
  $ runyard capsule exec "$ID" -- sh -c 'echo hello; exit 3'
  $ runyard capsule shell "$ID"
  $ runyard capsule cp ./site "$ID:/srv/site"
  $ runyard capsule rm "$ID"
  $ runyard run --in capsule -- date`;
