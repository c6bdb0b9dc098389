/** `runyard app restart` */
import type { Command } from "commander";
import { restartApp } from "../../client/lifecycle.ts";
import { defineChange } from "./changes.ts";
import { settledText } from "./text.ts";

export function define(command: Command): void {
  defineChange(command, help, async (client, name, options) =>
    settledText(name, await restartApp(client, name, options)),
  );
}

const help = `
Also starts an app that was disabled. Waits until it runs again, or says why it does not.

Examples:
  $ runyard app restart web
  $ runyard app restart web worker --json`;
