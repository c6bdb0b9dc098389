/** `runyard stack history` */
import { type Command, InvalidArgumentError } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import {
  type DeploymentLog,
  type DeploymentSeen,
  listDeployments,
  readDeploymentLog,
} from "../../client/fleet-deploys.ts";
import { inert } from "../../client/inert.ts";
import type { Column } from "../app/table.ts";
import { durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { wholeNumber } from "../option-values.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { deploymentNumber } from "./stack-options.ts";

interface HistoryOptions extends YardFlags {
  limit?: number;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<stack>", "its name")
    .argument(
      "[deployment]",
      "show the steps of this one: its number, or latest, also if it has failed",
      numberOrLatest,
    )
    .option("-n, --limit <count>", "so many at most (default: 50)", wholeNumber({ min: 1, max: 200 }))
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (name: string, deployment: number | "latest" | undefined, options: HistoryOptions) => {
      if (deployment === undefined) await list(name, options);
      else await show(name, deployment, options);
    });
}

const help = `
Those that went well, newest first. To go back to one: runyard stack rollback.

Examples:
  $ runyard stack history shop
  $ runyard stack history shop latest`;

function numberOrLatest(text: string): number | "latest" {
  try {
    return text === "latest" ? text : deploymentNumber(text);
  } catch (error) {
    throw error instanceof InvalidArgumentError ? new InvalidArgumentError("It is a number, or latest.") : error;
  }
}

async function list(name: string, { limit, json, ...flags }: HistoryOptions): Promise<void> {
  const deployments = await listDeployments(await connectToYard(flags), name, limit);
  printList(deployments, { json, columns, none: "It was never deployed." });
}

const columns: readonly Column<DeploymentSeen>[] = [
  { heading: "NUMBER", cell: ({ id }) => String(id) },
  { heading: "DEPLOYED", cell: ({ at }) => `${durationText(Date.now() - at.getTime())} ago` },
  { heading: "BY", cell: ({ by }) => by ?? "-" },
  { heading: "NOTE", cell: ({ note }) => note ?? "-", dispensable: 1 },
  { heading: "IMAGES", cell: ({ images }) => [...new Set(images)].join(" "), dispensable: 2 },
];

async function show(name: string, deployment: number | "latest", { json, ...flags }: HistoryOptions): Promise<void> {
  const log = await readDeploymentLog(await connectToYard(flags), name, deployment);
  if (json) return console.log(JSON.stringify(log.json));
  for (const { at, text } of log.steps) console.log(`${at.toISOString()}  ${inert(text)}`);
  console.log(endOf(log));
}

function endOf({ id, state, error }: DeploymentLog): string {
  if (state === "running") return `Deployment ${id} is under way.`;
  return state === "done"
    ? `Deployment ${id} went well.`
    : `Deployment ${id} failed: ${inert(error ?? "nobody knows why")}`;
}
