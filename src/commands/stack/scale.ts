/** `runyard stack scale` */
import { type Command, InvalidArgumentError } from "commander";
import { scaleService } from "../../client/fleet-deploys.ts";
import { hostOfStack } from "../../client/fleet-stacks.ts";
import { inert } from "../../client/inert.ts";
import { exitCodes } from "../exit-codes.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard } from "../yard-options.ts";
import { showingSteps } from "./live-change.ts";
import { addStackOptions } from "./stack-options.ts";

interface ScaleOptions extends FleetFlags {
  force?: boolean;
  json?: boolean;
}

type Counts = Readonly<Record<string, number>>;

export function define(command: Command): void {
  addStackOptions(command)
    .argument("<stack>", "its name")
    .argument("<service=count...>", "how many containers of which service, from 0 to 100", addCount)
    .option("--force", "also of what keeps data, of which each container would have its own")
    .option("--json", "print what the API answers, as an array")
    .addHelpText("after", help)
    .action(async (name: string, counts: Counts, options: ScaleOptions) => {
      process.exitCode = await scale(name, counts, options);
    });
}

const help = `
Those that have died are replaced. The next deployment goes by the file again.

Example:
  $ runyard stack scale shop web=3 worker=2`;

function addCount(text: string, before: Counts = {}): Counts {
  const [, service, count] = /^(.+)=(\d{1,3})$/.exec(text) ?? [];
  if (service === undefined || Number(count) > 100)
    throw new InvalidArgumentError("It looks like web=3, with at most 100.");
  return { ...before, [service]: Number(count) };
}

function scale(
  name: string,
  counts: Counts,
  { host: called, force = false, json, ...flags }: ScaleOptions,
): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const host = await hostOfStack(client, name, called);
      const done: unknown[] = [];
      for (const [service, replicas] of Object.entries(counts)) {
        const scaled = await showingSteps(client, { stack: name, signal }, () =>
          scaleService(client, name, { service, replicas }, { host, signal, force }),
        );
        done.push(scaled.json);
        if (!json) console.log(`${inert(service)}: ${scaled.before} ran, ${scaled.now} run now.`);
      }
      if (json) console.log(JSON.stringify(done));
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.failure },
  );
}
