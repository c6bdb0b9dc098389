/** `runyard team switch` */
import type { Command } from "commander";
import { openCredentialStore } from "../../client/credentials.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { findTeam, switchTeam } from "../../client/teams.ts";
import { timeText } from "../app/text.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<team>", "its name or id")
    .option("--print", "print the token for that team, and keep nothing")
    .addHelpText("after", help)
    .action(change);
}

const help = `
The session that runyard login has kept becomes one for that team: all commands that follow are its capsules', templates', keys' and channels'. It takes a
session: whoever uses an API key logs in first.

Examples:
  $ runyard team switch crew
  $ RUNYARD_TOKEN=$(runyard team switch --print crew) runyard capsule ls`;

async function change(called: string, { print, ...flags }: YardFlags & { print?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const team = await findTeam(client, called);
  const { token, name, expiresAt } = await switchTeam(client, team.id);
  if (print) return console.log(token);
  const store = openCredentialStore(process.env);
  const username = (await store.find(client.url))?.credential.username ?? name;
  await store.save(client.url, { username, token, expiresAt, certificate: client.address.ca });
  console.log(`You work for ${inert(team.name)} now. The session ends at ${timeText(new Date(expiresAt))}.`);
  if (flags.token ?? process.env.RUNYARD_TOKEN)
    notice("RUNYARD_TOKEN and --token go before the session: leave them out.");
}
