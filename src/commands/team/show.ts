/** `runyard team show` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { enterTeam } from "../../client/teams.ts";
import { printTable } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id")
    .option("--json", "print what the API answers")
    .addHelpText("after", "\nExample:\n  $ runyard team show crew")
    .action(show);
}

async function show(called: string, { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  await using team = await enterTeam(await connectToYard(flags), called);
  if (json) return console.log(JSON.stringify(team.json));
  console.log(`${inert(team.name)}  ${team.id}`);
  type Row = (typeof team.members)[number];
  const columns = [
    { heading: "MEMBER", cell: ({ name }: Row) => name },
    { heading: "ROLE", cell: ({ role }: Row) => role },
    { heading: "E-MAIL", cell: ({ email }: Row) => email ?? "-", dispensable: 1 },
    { heading: "ID", cell: ({ id }: Row) => id, dispensable: 2 },
  ];
  printTable(team.members, columns);
}
