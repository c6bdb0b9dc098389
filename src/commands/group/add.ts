/** `runyard group add` */
import { type Command, Option } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { type GroupRole, groupRoles, setMembers } from "../../client/groups.ts";
import { inert } from "../../client/inert.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<group>", "the group; you must be its Admin")
    .argument("<user...>", "who")
    .addOption(new Option("--role <role>", "what they may do").choices(groupRoles).default("Read"))
    .addHelpText("after", help)
    .action(async (group: string, users: string[], { role, ...flags }: YardFlags & { role: GroupRole }) => {
      await setMembers(await connectToYard(flags), group, users, role);
      console.log(`${users.map(inert).join(", ")}: ${role} in ${inert(group)}.`);
    });
}

const help = `
All of them or, if one is unknown, none. Who is in the group already has that role from now on.

Examples:
  $ runyard group add crew ada
  $ runyard group add --role Write crew ben cyd`;
