/** `runyard team rm` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { deleteTeam, enterTeam } from "../../client/teams.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id; you own it")
    .addHelpText("after", help)
    .action(async (called: string, flags: YardFlags) => {
      await using team = await enterTeam(await connectToYard(flags), called);
      await deleteTeam(team);
      console.log(`${inert(team.name)} has ended.`);
    });
}

const help = `
Its capsules, templates, keys and channels end with it. There is no way back.

Example:
  $ runyard team rm crew`;
