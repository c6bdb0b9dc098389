/** `runyard container rm` */
import type { Command } from "commander";
import { removeContainer } from "../../client/fleet-containers.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { inert } from "../../client/inert.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { nameOf } from "../fleet/listed.ts";
import { isMeant, requireAnswer } from "../fleet/sure.ts";
import { connectToYard } from "../yard-options.ts";
import { eachContainer } from "./each-container.ts";

interface RemoveOptions extends FleetFlags {
  force?: boolean;
  yes?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<container...>", "their names, ids, or beginnings of ids")
    .option("--force", "also those that run")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", help)
    .action(remove);
}

const help = `
With all that was written in it; its volumes with names stay. Asks before it does; where there is no terminal to ask at, it refuses unless --yes is given.

Examples:
  $ runyard container rm web
  $ runyard container rm --yes --force web`;

async function remove(
  called: readonly string[],
  { host, force = false, yes = false, ...flags }: RemoveOptions,
): Promise<void> {
  requireAnswer(yes);
  const client = await connectToYard(flags);
  const { code } = await eachContainer(client, await chooseHost(client, host), called, async (one) => {
    const question = `Remove the container ${nameOf(one)} (${inert(one.status)}) of host ${inert(one.host.name)}`;
    if (!(await isMeant(question, yes))) return console.log(`${nameOf(one)} is left as it is.`);
    await removeContainer(client, one, { force });
    console.log(`${nameOf(one)} is removed.`);
  });
  process.exitCode = code;
}
