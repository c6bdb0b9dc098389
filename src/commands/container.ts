/** `runyard container`: the containers of the fleet. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list containers", load: () => import("./container/ls.ts") },
  inspect: { summary: "show all that engines know of containers", load: () => import("./container/inspect.ts") },
  start: { summary: "start containers", load: () => import("./container/start.ts") },
  stop: { summary: "stop containers", load: () => import("./container/stop.ts") },
  restart: { summary: "stop containers and start them again", load: () => import("./container/restart.ts") },
  kill: { summary: "send containers a signal", load: () => import("./container/kill.ts") },
  pause: { summary: "freeze containers", load: () => import("./container/pause.ts") },
  unpause: { summary: "let frozen containers go on", load: () => import("./container/unpause.ts") },
  rm: { summary: "remove containers", load: () => import("./container/rm.ts") },
  logs: { summary: "print what a container has printed", load: () => import("./container/logs.ts") },
  exec: {
    summary: "run a command in a container, with its output and its exit code",
    load: () => import("./container/exec.ts"),
  },
  stats: { summary: "show what containers use", load: () => import("./container/stats.ts") },
  update: { summary: "put containers of newer images in their place", load: () => import("./container/update.ts") },
  rollback: {
    summary: "go back to the image from before an update",
    load: () => import("./container/rollback.ts"),
  },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
A container is named by its name, its id, or a beginning of its id that no other one has. With --host all it is looked for on every host.

Examples:
  $ runyard container ls --host all
  $ runyard container logs -f web
  $ runyard container exec -it web -- sh
  $ runyard container restart --host rig web`;
