/** `runyard template ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { listTemplates, type TemplateSeen } from "../../client/templates.ts";
import type { Column } from "../app/table.ts";
import { bytesText, durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print what the API answers: an array of templates")
    .addHelpText("after", help)
    .action(list);
}

const help = `
The team's and everybody's, newest first. A snapshot was made of a capsule, a base of an archive.

Example:
  $ runyard template ls`;

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const templates = await listTemplates(await connectToYard(flags));
  printList(templates, { json, columns });
}

const columns: readonly Column<TemplateSeen>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "TYPE", cell: ({ type }) => type, dispensable: 1 },
  { heading: "OF", cell: ({ isShared }) => (isShared ? "all" : "team"), dispensable: 2 },
  { heading: "SIZE", cell: ({ size }) => (size === 0 ? "-" : bytesText(size)), alignRight: true, dispensable: 3 },
  { heading: "AGE", cell: ageText, dispensable: 4 },
];

/** Those that come with the yard have none. */
function ageText({ createdAt }: TemplateSeen): string {
  return createdAt.getTime() === 0 ? "-" : durationText(Date.now() - createdAt.getTime());
}
