/** `runyard container logs` */
import type { Command } from "commander";
import { findContainer } from "../../client/fleet-containers.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { exitCodes } from "../exit-codes.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { nameOf } from "../fleet/listed.ts";
import { addLogOptions, type LogOptions, printLogs } from "../fleet/printed-logs.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addLogOptions(addFleetOptions(command))
    .argument("<container>", "its name, its id, or a beginning of its id")
    .addHelpText("after", help)
    .action(async (called: string, options: FleetFlags & LogOptions) => {
      process.exitCode = await logs(called, options);
    });
}

const help = `
Standard output and standard error together. With -f for as long as the container runs: a restart of the yard neither loses nor repeats a line. Ctrl-C ends
the listening (exit code ${exitCodes.interrupted}), and nothing else.

Examples:
  $ runyard container logs web
  $ runyard container logs -f --tail 10 --timestamps web`;

function logs(called: string, { host, ...options }: FleetFlags & LogOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const container = await findContainer(client, await chooseHost(client, host), called);
      return printLogs(client, [{ container, label: nameOf(container) }], options, signal);
    },
    { whenOutputCloses: exitCodes.ok },
  );
}
