/** `runyard app`: apps, the programs that a yard keeps running. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list the apps and what each is doing", load: () => import("./app/ls.ts") },
  add: { summary: "define an app and start it", load: () => import("./app/add.ts") },
  show: { summary: "show all that is known of an app", load: () => import("./app/show.ts") },
  start: { summary: "enable apps and start them", load: () => import("./app/start.ts") },
  stop: { summary: "disable apps and stop what runs of them", load: () => import("./app/stop.ts") },
  restart: { summary: "stop apps and start them again", load: () => import("./app/restart.ts") },
  rm: { summary: "delete apps and their output", load: () => import("./app/rm.ts") },
  logs: { summary: "print what an app has printed", load: () => import("./app/logs.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Examples:
  $ runyard app add web --restart -- node server.js
  $ runyard app ls
  $ runyard app logs -f web
  $ runyard app add --help`;
