/** `runyard team create` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { createTeam } from "../../client/teams.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "letters, digits, spaces and _ - @ '")
    .option("--json", "print what the API answers")
    .addHelpText("after", "\nExample:\n  $ runyard team create crew")
    .action(async (name: string, { json, ...flags }: YardFlags & { json?: boolean }) => {
      const team = await createTeam(await connectToYard(flags), name);
      console.log(json ? JSON.stringify(team.json) : `${inert(team.name)} is there, and you own it: ${team.id}`);
    });
}
