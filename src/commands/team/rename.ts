/** `runyard team rename` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { enterTeam, renameTeam } from "../../client/teams.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id; you are its owner or an admin")
    .argument("<name>", "the new one")
    .addHelpText("after", "\nExample:\n  $ runyard team rename crew 'night crew'")
    .action(async (called: string, name: string, flags: YardFlags) => {
      await using team = await enterTeam(await connectToYard(flags), called);
      await renameTeam(team, name);
      console.log(`${inert(team.name)} is called ${inert(name)} from now on.`);
    });
}
