/** `runyard host rm` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { findHost, removeHost } from "../../client/hosts.ts";
import { inert } from "../../client/inert.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface RemoveOptions extends YardFlags {
  force?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<host...>", "their ids or names")
    .option("--force", "destroy the capsules that are on them")
    .option("--json", "print the ids of those for which it went well, as an array")
    .addHelpText("after", help)
    .action(remove);
}

const help = `
Its agent stops all that it runs, and ends. What it kept on its machine is still there: remove its directory.

Example:
  $ runyard host rm rig`;

async function remove(called: readonly string[], { force = false, json, ...flags }: RemoveOptions): Promise<void> {
  const client = await connectToYard(flags);
  const { code, done } = await eachApp(called, async (one) => {
    const { id, name } = await findHost(client, one);
    await removeHost(client, id, { force });
    if (!json) console.log(`${inert(name)} is removed.`);
    return id;
  });
  if (json) console.log(JSON.stringify(done));
  process.exitCode = code;
}
