/** `runyard stack rollback` */
import type { Command } from "commander";
import { listDeployments, rollStackBack } from "../../client/fleet-deploys.ts";
import { hostOfStack } from "../../client/fleet-stacks.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard } from "../yard-options.ts";
import { deployedText } from "./deploy.ts";
import { showingSteps } from "./live-change.ts";
import { addStackOptions, deploymentNumber } from "./stack-options.ts";

export function define(command: Command): void {
  addStackOptions(command)
    .argument("<stack>", "its name")
    .argument(
      "[deployment]",
      "its number, as runyard stack history shows it (default: the one before the newest)",
      deploymentNumber,
    )
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (name: string, deployment: number | undefined, options: FleetFlags & { json?: boolean }) => {
      process.exitCode = await rollBack(name, deployment, options);
    });
}

const help = `
Puts the Compose file of that deployment back in its place, and deploys it. The variables stay as they are now.

Examples:
  $ runyard stack rollback shop
  $ runyard stack rollback shop 17`;

function rollBack(
  name: string,
  deployment: number | undefined,
  { host: called, json, ...flags }: FleetFlags & { json?: boolean },
): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const host = await hostOfStack(client, name, called);
      const to = deployment ?? (await theOneBefore(client, name));
      const back = await showingSteps(client, { stack: name, signal, withPrerequisites: true }, () =>
        rollStackBack(client, name, to, { host, signal }),
      );
      console.log(
        json ? JSON.stringify(back.json) : `Back to deployment ${to}. ${deployedText(name, inert(host.name), back)}`,
      );
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.failure },
  );
}

async function theOneBefore(client: YardClient, name: string): Promise<number> {
  const [, before] = await listDeployments(client, name, 2);
  if (before) return before.id;
  throw new YardError("precondition", `${name} has no earlier deployment. Look: runyard stack history ${name}`);
}
