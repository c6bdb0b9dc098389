/** `runyard app rm` */
import type { Command } from "commander";
import { getApp, noSuchApp, removeApp } from "../../client/apps.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { YardError } from "../../platform/errors.ts";
import { ask } from "../prompt.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { eachApp } from "./each-app.ts";

interface RemoveOptions extends YardFlags {
  yes?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name...>", "the apps")
    .option("-y, --yes", "do not ask")
    .option("--json", "print what was deleted, as an array")
    .addHelpText("after", help)
    .action(remove);
}

const help = `
Kills what runs of the app, and deletes its definition and its output. Asks before it does; where there is no terminal to ask at, it
refuses unless --yes is given.

Examples:
  $ runyard app rm web
  $ runyard app rm --yes web worker`;

async function remove(names: string[], options: RemoveOptions): Promise<void> {
  if (!options.yes && !process.stdin.isTTY)
    throw new YardError("precondition", "no terminal to ask at whether you are sure. Say so with --yes.");
  const client = await connectToYard(options);
  const { code, done } = await eachApp(names, async (name) => {
    const removed = await removeOne(client, name, options.yes ?? false);
    if (!options.json) console.log(removed ? `${name} is deleted.` : `${name} is left as it is.`);
    return { name, removed };
  });
  if (options.json) console.log(JSON.stringify(done));
  process.exitCode = code;
}

/** @returns false if the person at the terminal would rather not */
async function removeOne(client: YardClient, name: string, isSure: boolean): Promise<boolean> {
  if (!isSure) {
    const { pid } = await getApp(client, name); // ask about nothing that is not there
    const running = pid === undefined ? "" : `, which runs as process ${pid},`;
    const answer = await ask(`Delete ${inert(name)}${running} and its output? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) return false;
  }
  if (!(await removeApp(client, name))) throw noSuchApp(name);
  return true;
}
