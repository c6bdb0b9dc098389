/** The same for each of several containers: one that fails does not hold up the others. */
import type { Command } from "commander";
import { type ContainerSeen, findContainer } from "../../client/fleet-containers.ts";
import { chooseHost, type HostChoice } from "../../client/fleet-hosts.ts";
import type { YardClient } from "../../client/http.ts";
import { eachApp } from "../app/each-app.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { nameOf } from "../fleet/listed.ts";
import { connectToYard } from "../yard-options.ts";

interface EachOptions extends FleetFlags {
  json?: boolean;
}

/** @param act does it @param done what to say of it then */
export function defineForEach(
  command: Command,
  {
    act,
    done,
    help,
  }: { act: (client: YardClient, container: ContainerSeen) => Promise<unknown>; done: string; help: string },
): void {
  addFleetOptions(command)
    .argument("<container...>", "their names, ids, or beginnings of ids")
    .option("--json", "print the ids of those for which it went well, as an array")
    .addHelpText("after", help)
    .action(async (called: readonly string[], { json, host, ...flags }: EachOptions) => {
      const client = await connectToYard(flags);
      const { code, done: ids } = await eachContainer(client, await chooseHost(client, host), called, async (one) => {
        await act(client, one);
        if (!json) console.log(`${nameOf(one)} ${done}.`);
        return one.id;
      });
      if (json) console.log(JSON.stringify(ids));
      process.exitCode = code;
    });
}

/** @returns the exit code, and what came of those that went well, in order */
export function eachContainer<T>(
  client: YardClient,
  choice: HostChoice,
  called: readonly string[],
  work: (container: ContainerSeen) => Promise<T>,
): Promise<{ code: number; done: T[] }> {
  return eachApp(called, async (one) => work(await findContainer(client, choice, one)));
}
