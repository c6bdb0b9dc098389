/** `runyard group ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { listGroups } from "../../client/groups.ts";
import { tableLines } from "../app/table.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print an object: your role by the group's name")
    .addHelpText("after", "\nExample:\n  $ runyard group ls")
    .action(list);
}

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const groups = await listGroups(await connectToYard(flags));
  if (json) return console.log(JSON.stringify(Object.fromEntries(groups)));
  const rows = [...groups].toSorted(([a], [b]) => a.localeCompare(b));
  const columns = [
    { heading: "GROUP", cell: ([name]: (typeof rows)[number]) => name },
    { heading: "ROLE", cell: ([, role]: (typeof rows)[number]) => role },
  ];
  const width = process.stdout.columns || Number.POSITIVE_INFINITY; // no terminal: whoever reads on may have all
  for (const line of tableLines(rows, columns, width)) console.log(line);
}
