/** `runyard container ls` */
import type { Command } from "commander";
import { type ContainerSeen, listContainers } from "../../client/fleet-containers.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { shortId } from "../../client/fleet-rows.ts";
import type { Column } from "../app/table.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { printFleetList } from "../fleet/listed.ts";
import { connectToYard } from "../yard-options.ts";

interface ListOptions extends FleetFlags {
  all?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command)
    .option("-a, --all", "also those that do not run")
    .option(
      "--json",
      "print what the API answers: an array; with --host all an object with it, and the hosts that are away",
    )
    .addHelpText("after", help)
    .action(list);
}

const help = `
The youngest first. With --host all a host that is away is named, and the exit code is 1: the list is not whole.

Examples:
  $ runyard container ls
  $ runyard container ls --all --host all
  $ runyard container ls --json | jq -r '.[].Id'`;

async function list({ all = false, host, json, ...flags }: ListOptions): Promise<void> {
  const client = await connectToYard(flags);
  const choice = await chooseHost(client, host);
  const { containers, ...rest } = await listContainers(client, choice, { all });
  const none = all ? "There is no container." : "No container runs. Those that do not: --all";
  process.exitCode = printFleetList({ rows: containers, ...rest }, { choice, json, columns, none });
}

const columns: readonly Column<ContainerSeen>[] = [
  { heading: "NAME", cell: ({ names: [name], id }) => name ?? shortId(id) },
  { heading: "ID", cell: ({ id }) => shortId(id), dispensable: 4 },
  { heading: "STATE", cell: ({ state }) => state },
  { heading: "STATUS", cell: ({ status }) => status, dispensable: 1 },
  { heading: "IMAGE", cell: ({ image }) => shortId(image), dispensable: 2 },
  { heading: "STACK", cell: ({ stack }) => stack ?? "-", dispensable: 3 },
  { heading: "PORTS", cell: ({ ports }) => ports.join(" ") || "-", dispensable: 5 },
];
