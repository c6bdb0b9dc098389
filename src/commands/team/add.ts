/** `runyard team add` */
import { type Command, Option } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { addMember, enterTeam, type MemberRole, memberRoles, setRole } from "../../client/teams.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id; you are its owner or an admin")
    .argument("<email...>", "e-mail addresses of users")
    .addOption(new Option("--role <role>", "what they may do").choices(memberRoles).default("member"))
    .addHelpText("after", help)
    .action(add);
}

const help = `
A user of whom no e-mail address is known cannot be brought in.

Examples:
  $ runyard team add crew ben@example.org
  $ runyard team add --role admin crew cyd@example.org`;

async function add(
  called: string,
  emails: readonly string[],
  { role, ...flags }: YardFlags & { role: MemberRole },
): Promise<void> {
  await using team = await enterTeam(await connectToYard(flags), called);
  const { code } = await eachApp(emails, async (email) => {
    const member = await addMember(team, email);
    if (role !== "member") await setRole(team, member, role);
    console.log(`${inert(email)} is ${role} of ${inert(team.name)}.`);
  });
  process.exitCode = code;
}
