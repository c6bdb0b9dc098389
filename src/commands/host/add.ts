/** `runyard host add` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { addHost, findHost, inviteHost } from "../../client/hosts.ts";
import { inert } from "../../client/inert.ts";
import { addWord } from "../task/task-options.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";

interface AddOptions extends YardFlags {
  name?: string;
  team?: string;
  provider?: string;
  zone?: string;
  tag?: readonly string[];
  again?: string;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .option("--name <name>", "what it is called (default: as its machine is called)")
    .option("--team <id>", "make it this team's own (default: everybody's; for administrators)")
    .option("--provider <text>", "whose machine it is")
    .option("--zone <text>", "where it stands")
    .option("--tag <tag>", "give it this tag; may be repeated", addWord)
    .option("--again <host>", "add none: get another token for this one, which no machine is yet")
    .option("--json", "print the host and the token as an object")
    .addHelpText("after", help)
    .action(add);
}

const help = `
Prints the token, and nothing else, to standard output. It is good once, and for an hour.

Examples:
  $ runyard host add --name rig --tag gpu > token
  $ runyard agent --join https://yard.example:7700 --token-file token`;

async function add({ json, again, tag: tags, name, team, provider, zone, ...flags }: AddOptions): Promise<void> {
  const client = await connectToYard(flags);
  const { host, token } =
    again === undefined
      ? await addHost(client, { name, team, provider, zone, tags })
      : await inviteHost(client, (await findHost(client, again)).id);
  if (json) return console.log(JSON.stringify({ host: host.json, registration_token: token }));
  console.log(token);
  notice(`${inert(host.name)} waits for its machine. Run there: runyard agent --join ${client.url} --token TOKEN`);
}
