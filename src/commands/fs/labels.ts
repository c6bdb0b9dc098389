/** `runyard fs labels` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { type Label, listLabels } from "../../client/scripts-fs.ts";
import type { Column } from "../app/table.ts";
import { printTable } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command).option("--json", "print the labels as an array").addHelpText("after", help).action(list);
}

const help = `
Yours only, by name.

Examples:
  $ runyard fs labels
  $ runyard fs labels --json | jq -r '.[].name'`;

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const labels = await listLabels(await connectToYard(flags));
  if (json) return console.log(JSON.stringify(labels.map(({ name, head }) => ({ name, ca_id: head }))));
  if (labels.length === 0) {
    console.error("There is no label yet. Make one for what a script has left: runyard fs push ID NAME");
    return;
  }
  printTable(labels, columns);
}

const columns: readonly Column<Label>[] = [
  { heading: "LABEL", cell: ({ name }) => name },
  { heading: "SNAPSHOT", cell: ({ head }) => head, dispensable: 1 },
];
