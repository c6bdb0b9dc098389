/** `runyard team role` */
import { Argument, type Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { enterTeam, findMember, type MemberRole, memberRoles, setRole } from "../../client/teams.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id; you are its owner or an admin")
    .argument("<member>", "an e-mail address, a name or an id")
    .addArgument(new Argument("<role>", "what the member may do from now on").choices(memberRoles))
    .addHelpText("after", "\nExample:\n  $ runyard team role crew ben@example.org admin")
    .action(async (called: string, who: string, role: MemberRole, flags: YardFlags) => {
      await using team = await enterTeam(await connectToYard(flags), called);
      const member = findMember(team, who);
      await setRole(team, member, role);
      console.log(`${inert(member.name)} is ${role} of ${inert(team.name)}.`);
    });
}
