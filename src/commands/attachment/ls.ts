/** `runyard attachment ls` */
import type { Command } from "commander";
import { type AttachmentSeen, listAttachments } from "../../client/attachments.ts";
import type { Column } from "../app/table.ts";
import { bytesText, durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { connectToYard } from "../yard-options.ts";
import { addGroupOption, type GroupOptions, groupOf } from "./group-option.ts";

export function define(command: Command): void {
  addGroupOption(command)
    .argument("[part]", "only those whose key has this in it")
    .option("--json", "print what the API answers: an array of attachments")
    .addHelpText("after", help)
    .action(list);
}

const help = `
Examples:
  $ runyard attachment ls
  $ runyard attachment ls --group crew sets/`;

async function list(part: string | undefined, options: GroupOptions): Promise<void> {
  const client = await connectToYard(options);
  const group = await groupOf(client, options);
  const attachments = await Array.fromAsync(listAttachments(client, group, part));
  const none = "There is no such attachment. Upload a file: runyard attachment put FILE";
  printList(attachments, { json: options.json, columns, none });
}

const columns: readonly Column<AttachmentSeen>[] = [
  { heading: "KEY", cell: ({ key }) => key },
  { heading: "SIZE", cell: ({ size }) => bytesText(size), alignRight: true },
  {
    heading: "CHANGED",
    cell: ({ updatedAt }) => `${durationText(Date.now() - updatedAt.getTime())} ago`,
    dispensable: 1,
  },
];
