/** `runyard stack diff` */
import type { Command } from "commander";
import { type PlannedContainer, planStack, type StackPlan } from "../../client/fleet-deploys.ts";
import { hostOfStack } from "../../client/fleet-stacks.ts";
import { inert } from "../../client/inert.ts";
import { exitCodes } from "../exit-codes.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { printTable } from "../listing.ts";
import { connectToYard } from "../yard-options.ts";
import { addStackOptions } from "./stack-options.ts";

interface DiffOptions extends FleetFlags {
  environment?: string;
  check?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addStackOptions(command)
    .argument("<stack>", "its name")
    .option("--environment <name>", "with this overlay (default: the active one, or none)")
    .option("--check", `exit with ${exitCodes.failure} if there is anything to do`)
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(diff);
}

const help = `
What a deployment would do, and where what runs differs from what the file says. Nothing is changed, and no image is fetched. A file with mistakes is
refused as a deployment would refuse it.

Examples:
  $ runyard stack diff shop
  $ runyard stack diff --check shop || runyard stack deploy shop`;

async function diff(name: string, { host: called, environment, check, json, ...flags }: DiffOptions): Promise<void> {
  const client = await connectToYard(flags);
  const host = await hostOfStack(client, name, called);
  const plan = await planStack(client, name, { host, environment });
  if (json) console.log(JSON.stringify(plan.json));
  else print(name, inert(host.name), plan);
  if (check && !plan.isSettled) process.exitCode = exitCodes.failure;
}

interface Line {
  readonly action: string;
  readonly what: string;
  readonly why: string;
}

function print(name: string, host: string, plan: StackPlan): void {
  const overlay = plan.environment === undefined ? "" : `, with the environment ${inert(plan.environment)}`;
  const lines = linesOf(plan);
  if (plan.isSettled) console.log(`${name} on host ${host}${overlay}: there is nothing to do.`);
  else console.log(`${name} on host ${host}${overlay}. A deployment would:`);
  if (lines.length > 0) printTable(lines, columns);
}

const columns = [
  { heading: "ACTION", cell: ({ action }: Line) => action },
  { heading: "ON", cell: ({ what }: Line) => what },
  { heading: "BECAUSE", cell: ({ why }: Line) => why, dispensable: 1 },
];

function linesOf({ dependencies, pulls, networks, volumes, containers }: StackPlan): Line[] {
  const of = (action: string, names: readonly string[], why = "") => names.map((what) => ({ action, what, why }));
  return [
    ...of("deploy", dependencies, "it is needed, and does not run"),
    ...of("pull", pulls),
    ...of("create", networks, "a network"),
    ...of("create", volumes, "a volume"),
    ...containers.filter(({ action }) => action !== "keep").map(lineOf),
  ];
}

/** The API's words for how a container differs. */
const reasons: Readonly<Record<string, string>> = {
  missing: "there is none",
  changed: "it was made of something else than the file says",
  image: "its image's name means another one by now",
  unhealthy: "it is unhealthy",
  shared: "it is in the network of one that gives way",
  stopped: "it does not run",
  paused: "it is paused",
  name: "it has another name",
  surplus: "there are more than the file says",
  unknown: "the file has no such service",
};

function lineOf({ action, name, because = "" }: PlannedContainer): Line {
  return { action, what: name, why: reasons[because] ?? because };
}
