/** `runyard team remove` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { enterTeam, findMember, removeMember } from "../../client/teams.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id; you are its owner or an admin")
    .argument("<member...>", "e-mail addresses, names or ids")
    .addHelpText("after", help)
    .action(remove);
}

const help = `
The keys that they have made for the team end, too.

Example:
  $ runyard team remove crew ben@example.org`;

async function remove(called: string, who: readonly string[], flags: YardFlags): Promise<void> {
  await using team = await enterTeam(await connectToYard(flags), called);
  const { code } = await eachApp(who, async (one) => {
    const member = findMember(team, one);
    await removeMember(team, member);
    console.log(`${inert(member.name)} is not in ${inert(team.name)} any more.`);
  });
  process.exitCode = code;
}
