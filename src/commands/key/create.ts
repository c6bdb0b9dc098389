/** `runyard key create` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { createKey } from "../../client/team-keys.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("[name]", "what people know it by")
    .option("--json", "print what the API answers, the key included")
    .addHelpText("after", help)
    .action(create);
}

const help = `
Prints the key, and nothing else, to standard output. It is shown once, and does not expire.

Example:
  $ runyard key create ci > key`;

async function create(name: string | undefined, { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const { seen, key } = await createKey(await connectToYard(flags), name);
  console.log(json ? JSON.stringify(seen.json) : key);
  if (!json) notice(`${inert(seen.name)} is made. To end it: runyard key rm ${seen.id}`);
}
