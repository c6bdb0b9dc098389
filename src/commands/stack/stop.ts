/** `runyard stack stop` */
import type { Command } from "commander";
import { stopStack } from "../../client/fleet-deploys.ts";
import { hostOfStack } from "../../client/fleet-stacks.ts";
import { eachApp } from "../app/each-app.ts";
import { exitCodes } from "../exit-codes.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard } from "../yard-options.ts";
import { showingSteps } from "./live-change.ts";
import { addStackOptions } from "./stack-options.ts";

interface StopOptions extends FleetFlags {
  force?: boolean;
}

export function define(command: Command): void {
  addStackOptions(command)
    .argument("<stack...>", "their names")
    .option("--force", "also what other stacks depend on")
    .addHelpText("after", help)
    .action(async (names: readonly string[], options: StopOptions) => {
      process.exitCode = await stop(names, options);
    });
}

const help = `
Networks, volumes and files stay: runyard stack deploy brings it up again.

Example:
  $ runyard stack stop shop`;

function stop(names: readonly string[], { host: called, force = false, ...flags }: StopOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const { code } = await eachApp(names, async (name) => {
        const host = await hostOfStack(client, name, called);
        await showingSteps(client, { stack: name, signal }, () => stopStack(client, name, { host, signal, force }));
        console.log(`${name} is stopped.`);
      });
      return code;
    },
    { whenOutputCloses: exitCodes.failure },
  );
}
