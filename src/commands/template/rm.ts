/** `runyard template rm` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { removeTemplate } from "../../client/templates.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<template...>", "their names")
    .option("--json", "print the names of those for which it went well, as an array")
    .addHelpText("after", help)
    .action(remove);
}

const help = `
Capsules that were made of it go on.

Example:
  $ runyard template rm python`;

async function remove(names: readonly string[], { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const { code, done } = await eachApp(names, async (name) => {
    await removeTemplate(client, name);
    if (!json) console.log(`${inert(name)} is removed.`);
    return name;
  });
  if (json) console.log(JSON.stringify(done));
  process.exitCode = code;
}
