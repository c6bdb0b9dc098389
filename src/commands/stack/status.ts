/** `runyard stack status` */
import type { Command } from "commander";
import { findStack, hostOfStack, listStackContainers, type StackContainer } from "../../client/fleet-stacks.ts";
import { inert } from "../../client/inert.ts";
import { timeText } from "../app/text.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { connectToYard } from "../yard-options.ts";
import { stateOf } from "./ls.ts";
import { addStackOptions } from "./stack-options.ts";

export function define(command: Command): void {
  addStackOptions(command)
    .argument("<stack>", "its name")
    .option("--json", "print what the API answers of it, with its containers")
    .addHelpText("after", "\nExample:\n  $ runyard stack status shop")
    .action(show);
}

async function show(name: string, { host: called, json, ...flags }: FleetFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const stack = await findStack(client, name);
  const host = await hostOfStack(client, name, called);
  const containers = await listStackContainers(client, name, host);
  if (json) return console.log(JSON.stringify({ ...stack.json, containers: containers.map((one) => one.json) }));
  const { placed } = stack;
  console.log(inert(name));
  console.log(`  state     ${stateOf(stack)}`);
  console.log(`  host      ${inert(host.name)}`);
  if (placed) console.log(`  deployed  ${timeText(placed.deployedAt)}`);
  for (const [service, all] of Map.groupBy(containers, (one) => one.service))
    console.log(`  ${inert(service).padEnd(8)}  ${countText(all)}`);
}

function countText(containers: readonly StackContainer[]): string {
  const running = containers.filter(({ state }) => state === "running").length;
  const healths = new Set(
    containers.flatMap(({ status }) => /\((healthy|unhealthy|health: starting)\)/.exec(status)?.[1] ?? []),
  );
  return `${running} of ${containers.length} run${healths.size > 0 ? ` (${[...healths].join(", ")})` : ""}`;
}
