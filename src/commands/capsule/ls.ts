/** `runyard capsule ls` */
import type { Command } from "commander";
import { type CapsuleSeen, listCapsules } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { Column } from "../app/table.ts";
import { bytesText, durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print what the API answers: an array of capsules")
    .addHelpText("after", help)
    .action(list);
}

const help = `
The team's, newest first, without those that have ended. States: running; paused (nothing in it runs until it is resumed); hibernated (only its files
were kept); missing (nothing is heard of its host); error.

Examples:
  $ runyard capsule ls
  $ runyard capsule ls --json | jq -r '.[].id' | xargs runyard capsule rm`;

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const capsules = await listCapsules(await connectToYard(flags));
  const none = "There is no capsule. Make one: runyard capsule create";
  printList(capsules, { json, columns, none });
}

const columns: readonly Column<CapsuleSeen>[] = [
  { heading: "ID", cell: ({ id }) => id },
  { heading: "STATE", cell: ({ status }) => status },
  { heading: "TEMPLATE", cell: ({ template }) => template, dispensable: 1 },
  { heading: "VCPUS", cell: ({ vcpus }) => String(vcpus), alignRight: true, dispensable: 3 },
  { heading: "MEMORY", cell: ({ memoryMb }) => bytesText(memoryMb * 1024 ** 2), alignRight: true, dispensable: 4 },
  { heading: "AGE", cell: ({ createdAt }) => durationText(Date.now() - createdAt.getTime()), dispensable: 2 },
];
