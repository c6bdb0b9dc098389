/** `runyard host tag` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { findHost, tagHost, untagHost } from "../../client/hosts.ts";
import { inert } from "../../client/inert.ts";
import { addWord } from "../task/task-options.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface TagOptions extends YardFlags {
  remove?: readonly string[];
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<host>", "its id or name")
    .argument("[tag...]", "given to it")
    .option("--remove <tag>", "taken from it; may be repeated", addWord)
    .option("--json", "print all tags that it has then, as an array")
    .addHelpText("after", "\nExample:\n  $ runyard host tag rig gpu ssd --remove slow")
    .action(tag);
}

async function tag(
  called: string,
  tags: readonly string[],
  { remove = [], json, ...flags }: TagOptions,
): Promise<void> {
  const client = await connectToYard(flags);
  const { id } = await findHost(client, called);
  for (const tag of tags) await tagHost(client, id, tag);
  for (const tag of remove) await untagHost(client, id, tag);
  const after = (await findHost(client, id)).tags;
  console.log(json ? JSON.stringify(after) : inert(after.join(" ")));
}
