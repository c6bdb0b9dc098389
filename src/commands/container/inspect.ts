/** `runyard container inspect` */
import type { Command } from "commander";
import { inspectContainer } from "../../client/fleet-containers.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { connectToYard } from "../yard-options.ts";
import { eachContainer } from "./each-container.ts";

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<container...>", "their names, ids, or beginnings of ids")
    .addHelpText("after", help)
    .action(inspect);
}

const help = `
Prints a JSON array, as their engines describe them.

Example:
  $ runyard container inspect web | jq '.[].State'`;

async function inspect(called: readonly string[], { host, ...flags }: FleetFlags): Promise<void> {
  const client = await connectToYard(flags);
  const choice = await chooseHost(client, host);
  const { code, done } = await eachContainer(client, choice, called, (one) => inspectContainer(client, one));
  console.log(JSON.stringify(done, undefined, 2));
  process.exitCode = code;
}
