/** `runyard container kill` */
import type { Command } from "commander";
import { killContainer } from "../../client/fleet-containers.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { nameOf } from "../fleet/listed.ts";
import { connectToYard } from "../yard-options.ts";
import { eachContainer } from "./each-container.ts";

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<container...>", "their names, ids, or beginnings of ids")
    .option("-s, --signal <signal>", "its name or number", "SIGKILL")
    .addHelpText("after", help)
    .action(kill);
}

const help = `
The signal goes to the first process in it.

Examples:
  $ runyard container kill web
  $ runyard container kill --signal HUP web`;

async function kill(
  called: readonly string[],
  { host, signal, ...flags }: FleetFlags & { readonly signal: string },
): Promise<void> {
  const client = await connectToYard(flags);
  const { code } = await eachContainer(client, await chooseHost(client, host), called, async (one) => {
    await killContainer(client, one, signal);
    console.log(`${nameOf(one)} was sent ${signal}.`);
  });
  process.exitCode = code;
}
