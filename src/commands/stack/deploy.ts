/** `runyard stack deploy` */
import type { Command } from "commander";
import { type DeploySeen, deployStack } from "../../client/fleet-deploys.ts";
import { hostOfStack } from "../../client/fleet-stacks.ts";
import { inert } from "../../client/inert.ts";
import { eachApp } from "../app/each-app.ts";
import { exitCodes } from "../exit-codes.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard } from "../yard-options.ts";
import { showingSteps } from "./live-change.ts";
import { addStackOptions } from "./stack-options.ts";

interface DeployOptions extends FleetFlags {
  environment?: string;
  json?: boolean;
}

export function define(command: Command): void {
  addStackOptions(command)
    .argument("<stack...>", "their names")
    .option("--environment <name>", "with this overlay (default: the active one, or none)")
    .option("--json", "print what the API answers, as an array")
    .addHelpText("after", help)
    .action(async (names: readonly string[], options: DeployOptions) => {
      process.exitCode = await deploy(names, options);
    });
}

const help = `
Its steps appear as they happen. What is as the file says already stays untouched; stacks that it depends on come first. Ctrl-C ends the waiting: what was
begun goes on. After a failure, or a yard that was killed, the same command does what is left.

Examples:
  $ runyard stack deploy shop
  $ runyard stack deploy --host rig --environment prod shop`;

function deploy(
  names: readonly string[],
  { host: called, environment, json, ...flags }: DeployOptions,
): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const { code, done } = await eachApp(names, async (name) => {
        const host = await hostOfStack(client, name, called);
        const deployed = await showingSteps(client, { stack: name, signal, withPrerequisites: true }, () =>
          deployStack(client, name, { host, environment, signal }),
        );
        if (!json) console.log(deployedText(name, inert(host.name), deployed));
        return deployed.json;
      });
      if (json) console.log(JSON.stringify(done));
      return code;
    },
    { whenOutputCloses: exitCodes.failure },
  );
}

export function deployedText(name: string, host: string, { services, dependencies }: DeploySeen): string {
  const what = services.map((service) => `${inert(service.name)} (${inert(service.image)})`).join(", ");
  const first = dependencies.length > 0 ? ` Before it: ${dependencies.join(", ")}.` : "";
  return `${name} runs on host ${host}: ${what}.${first}`;
}
