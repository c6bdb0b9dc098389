/** `runyard key rm` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { listKeys, removeKey } from "../../client/team-keys.ts";
import { YardError } from "../../platform/errors.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<key...>", "their ids, or names that they alone have")
    .option("--json", "print the ids of those for which it went well, as an array")
    .addHelpText("after", "\nExample:\n  $ runyard key rm ci")
    .action(remove);
}

async function remove(called: readonly string[], { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const keys = await listKeys(client);
  const { code, done } = await eachApp(called, async (one) => {
    const found = keys.filter(({ id, name }) => id === one || name === one);
    if (found.length > 1) throw new YardError("conflict", `several keys are called ${inert(one)}: name one by its id.`);
    if (!found[0]) throw new YardError("not_found", `there is no key ${inert(one)}. Look: runyard key ls`);
    await removeKey(client, found[0].id);
    if (!json) console.log(`${inert(found[0].name)} is removed.`);
    return found[0].id;
  });
  if (json) console.log(JSON.stringify(done));
  process.exitCode = code;
}
