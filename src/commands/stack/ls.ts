/** `runyard stack ls` */
import type { Command } from "commander";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { listStacks, type StackSeen } from "../../client/fleet-stacks.ts";
import type { Column } from "../app/table.ts";
import { durationText } from "../app/text.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { printList } from "../listing.ts";
import { connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addFleetOptions(command, "only those that were deployed to this host, by its name or id (default: all)")
    .option("--json", "print what the API answers: an array of stacks")
    .addHelpText("after", help)
    .action(list);
}

const help = `
States: deployed; stopped; new (it was never deployed); lost (its file is missing: runyard stack edit writes it anew).

Example:
  $ runyard stack ls`;

async function list({ host = "all", json, ...flags }: FleetFlags & { readonly json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const choice = await chooseHost(client, host);
  const stacks = await listStacks(client);
  const shown = choice === "all" ? stacks : stacks.filter(({ placed }) => placed?.host.id === choice.id);
  printList(shown, { json, columns, none: "There is no stack. Make one: runyard stack create" });
}

const columns: readonly Column<StackSeen>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "STATE", cell: stateOf },
  { heading: "HOST", cell: ({ placed }) => placed?.host.name ?? "-" },
  { heading: "DEPLOYED", cell: deployedText, dispensable: 1 },
];

export function stateOf({ isLost, placed }: StackSeen): string {
  return isLost ? "lost" : (placed?.status ?? "new");
}

function deployedText({ placed }: StackSeen): string {
  return placed ? `${durationText(Date.now() - placed.deployedAt.getTime())} ago` : "-";
}
