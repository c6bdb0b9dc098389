/** `runyard team leave` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { enterTeam, leaveTeam } from "../../client/teams.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id; its owner cannot leave it")
    .addHelpText("after", "\nExample:\n  $ runyard team leave crew")
    .action(async (called: string, flags: YardFlags) => {
      await using team = await enterTeam(await connectToYard(flags), called);
      await leaveTeam(team);
      console.log(`You are not in ${inert(team.name)} any more.`);
    });
}
