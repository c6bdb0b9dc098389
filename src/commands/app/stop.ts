/** `runyard app stop` */
import type { Command } from "commander";
import { stopApp } from "../../client/lifecycle.ts";
import { defineChange } from "./changes.ts";

export function define(command: Command): void {
  defineChange(command, help, async (client, name, options) => {
    await stopApp(client, name, options);
    return `${name} is stopped and disabled.`;
  });
}

const help = `
Kills the app's process with all it has started, and disables the app: neither its exit rules nor its schedule start it, nor does a restart
of the yard, until \`runyard app start\`. Its definition and its output stay.

Examples:
  $ runyard app stop web
  $ runyard app stop web worker`;
