/** `runyard app start` */
import type { Command } from "commander";
import { startApp } from "../../client/lifecycle.ts";
import { defineChange } from "./changes.ts";
import { settledText } from "./text.ts";

export function define(command: Command): void {
  defineChange(command, help, async (client, name, options) =>
    settledText(name, await startApp(client, name, options)),
  );
}

const help = `
An app that runs is left alone; one that has ended is started again. Waits until it runs, or says why it does not. An app with a schedule
waits for its time: to run a copy of it now, use \`runyard run --name\`.

Examples:
  $ runyard app start web
  $ runyard app start web worker --wait 60`;
