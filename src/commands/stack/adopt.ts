/** `runyard stack adopt` */
import type { Command } from "commander";
import { type FleetHost, findFleetHost } from "../../client/fleet-hosts.ts";
import { adoptProject, type Discovered, discoverProjects } from "../../client/fleet-stacks.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import type { Column } from "../app/table.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { printList } from "../listing.ts";
import { connectToYard, notice } from "../yard-options.ts";
import { type GivenFiles, readGivenTexts } from "./given-texts.ts";

interface AdoptOptions extends FleetFlags, GivenFiles {
  readonly json?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command, "where it runs: the name or id of a host (default: the yard's own)")
    .argument("[project]", "its name; without it: list the projects of the host that are no stacks yet")
    .option(
      "-f, --file <file>",
      "its Compose file; -: standard input (default: compose.yaml, or as Compose looks for it here)",
    )
    .option("--env-file <file>", "its variables, which the yard keeps encrypted")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (project: string | undefined, options: AdoptOptions) => {
      const client = await connectToYard(options);
      const host = await findFleetHost(client, options.host);
      if (project === undefined) await list(client, host, options);
      else await adopt(client, host, project, options);
    });
}

const help = `
Its containers are left alone: they are known by their labels from then on. Services that do not run as the file says are named; runyard stack diff tells
what a deployment would do to them.

Examples:
  $ runyard stack adopt
  $ runyard stack adopt shop -f ~/shop/compose.yaml --env-file ~/shop/.env`;

async function list(client: YardClient, host: FleetHost, { json }: AdoptOptions): Promise<void> {
  const none = `All that runs of Compose on host ${inert(host.name)} is a stack.`;
  printList(await discoverProjects(client, host), { json, columns, none });
}

const columns: readonly Column<Discovered>[] = [
  { heading: "PROJECT", cell: ({ name }) => name },
  { heading: "SERVICES", cell: ({ services }) => String(services), alignRight: true },
  { heading: "HOST", cell: ({ host }) => host.name },
];

async function adopt(client: YardClient, host: FleetHost, name: string, options: AdoptOptions): Promise<void> {
  const adopted = await adoptProject(client, name, host, await readGivenTexts(options));
  if (options.json) return console.log(JSON.stringify(adopted.json));
  console.log(`${name} is a stack, with ${adopted.containers} containers on host ${inert(host.name)}.`);
  for (const warning of adopted.warnings) notice(inert(warning));
  if (adopted.drift.length > 0)
    notice(
      `not as the file says: ${inert(adopted.drift.join(", "))}. What a deployment would do: runyard stack diff ${name}`,
    );
}
