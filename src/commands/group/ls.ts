/** `runyard group ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { listGroups } from "../../client/groups.ts";
import { printTable } from "../listing.ts";
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
  printTable(rows, columns);
}
