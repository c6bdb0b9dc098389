/** `runyard stack logs` */
import type { Command } from "commander";
import { hostOfStack, listStackContainers, type StackContainer } from "../../client/fleet-stacks.ts";
import { inert } from "../../client/inert.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { addLogOptions, type LogOptions, printLogs } from "../fleet/printed-logs.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard } from "../yard-options.ts";
import { addStackOptions } from "./stack-options.ts";

export function define(command: Command): void {
  addLogOptions(addStackOptions(command))
    .argument("<stack>", "its name")
    .argument("[service...]", "only these services")
    .addHelpText("after", help)
    .action(async (name: string, services: readonly string[], options: FleetFlags & LogOptions) => {
      process.exitCode = await logs(name, services, options);
    });
}

const help = `
Of several containers each line has its service before it. With -f for as long as they run: a restart of the yard neither loses nor repeats a line. Ctrl-C
ends the listening (exit code ${exitCodes.interrupted}), and nothing else.

Examples:
  $ runyard stack logs shop
  $ runyard stack logs -f --tail 10 shop web`;

function logs(
  name: string,
  services: readonly string[],
  { host: called, ...options }: FleetFlags & LogOptions,
): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const host = await hostOfStack(client, name, called);
      const containers = await listStackContainers(client, name, host);
      for (const service of services)
        if (!containers.some((one) => one.service === service))
          throw new YardError(
            "not_found",
            `nothing of a service ${inert(service)} is there. Look: runyard stack ps ${name}`,
          );
      const wanted = containers.filter(({ service }) => services.length === 0 || services.includes(service));
      if (wanted.length === 0) throw new YardError("not_found", `nothing of ${name} is on host ${inert(host.name)}.`);
      const logged = labelled(wanted).map(({ id, label }) => ({ container: { id, host }, label }));
      return printLogs(client, logged, options, signal);
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

/** Services that have several are counted through. */
function labelled(containers: readonly StackContainer[]): { id: string; label: string }[] {
  return [...Map.groupBy(containers, ({ service }) => service)].flatMap(([service, all]) =>
    all.map(({ id }, i) => ({ id, label: inert(all.length > 1 ? `${service}-${i + 1}` : service) })),
  );
}
