/** `runyard team ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { listTeams } from "../../client/teams.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print what the API answers: an array of teams")
    .addHelpText("after", "\nExample:\n  $ runyard team ls")
    .action(list);
}

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const teams = await listTeams(await connectToYard(flags));
  type Row = (typeof teams)[number];
  const columns = [
    { heading: "TEAM", cell: ({ name }: Row) => name },
    { heading: "ROLE", cell: ({ role }: Row) => role ?? "-" },
    { heading: "ID", cell: ({ id }: Row) => id, dispensable: 1 },
  ];
  printList(teams, { json, columns });
}
