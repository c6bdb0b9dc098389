/** `runyard attachment rm` */
import type { Command } from "commander";
import { removeAttachment } from "../../client/attachments.ts";
import { inert } from "../../client/inert.ts";
import { eachApp } from "../app/each-app.ts";
import { connectToYard } from "../yard-options.ts";
import { addGroupOption, type GroupOptions, groupOf } from "./group-option.ts";

type RemoveOptions = GroupOptions & { admin?: boolean };

export function define(command: Command): void {
  addGroupOption(command)
    .argument("<key...>", "their keys")
    .option("--admin", "as an administrator: of any group, and also those that are young")
    .option("--json", "print the keys that were deleted, as an array")
    .addHelpText("after", help)
    .action(remove);
}

const help = `
One that was uploaded within the hour is refused: whoever has its URL may still be sending. Administrators delete it all the same (--admin).

Examples:
  $ runyard attachment rm sets/data.csv
  $ runyard attachment rm --admin --group crew sets/data.csv sets/old.csv`;

async function remove(keys: string[], options: RemoveOptions): Promise<void> {
  const client = await connectToYard(options);
  const group = await groupOf(client, options);
  const { code, done } = await eachApp(keys, async (key) => {
    await removeAttachment(client, { group, key }, { asAdmin: options.admin ?? false });
    if (!options.json) console.log(`${inert(key)} is deleted.`);
    return key;
  });
  if (options.json) console.log(JSON.stringify(done));
  process.exitCode = code;
}
