/** `runyard stack ps` */
import type { Command } from "commander";
import { shortId } from "../../client/fleet-rows.ts";
import { hostOfStack, listStackContainers, type StackContainer } from "../../client/fleet-stacks.ts";
import type { Column } from "../app/table.ts";
import type { FleetFlags } from "../fleet/host-option.ts";
import { printList } from "../listing.ts";
import { connectToYard } from "../yard-options.ts";
import { addStackOptions } from "./stack-options.ts";

export function define(command: Command): void {
  addStackOptions(command)
    .argument("<stack>", "its name")
    .option("--json", "print what the API answers: an array of containers")
    .addHelpText("after", "\nExample:\n  $ runyard stack ps shop")
    .action(list);
}

async function list(name: string, { host, json, ...flags }: FleetFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const containers = await listStackContainers(client, name, await hostOfStack(client, name, host));
  printList(containers, { json, columns, none: "Nothing of it is there." });
}

const columns: readonly Column<StackContainer>[] = [
  { heading: "SERVICE", cell: ({ service }) => service },
  { heading: "CONTAINER", cell: ({ id }) => shortId(id), dispensable: 3 },
  { heading: "STATE", cell: ({ state }) => state },
  { heading: "STATUS", cell: ({ status }) => status, dispensable: 1 },
  { heading: "IMAGE", cell: ({ image }) => shortId(image), dispensable: 2 },
];
