/** `runyard host ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { type HostSeen, listHosts } from "../../client/hosts.ts";
import type { Column } from "../app/table.ts";
import { bytesText, durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print what the API answers: an array of hosts")
    .addHelpText("after", help)
    .action(list);
}

const help = `
States: pending (no machine has joined as it yet); online; unreachable (nothing was heard of it for 90 s).

Example:
  $ runyard host ls`;

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const hosts = await listHosts(await connectToYard(flags));
  const none = "There is no host that you may see. Add one: runyard host add";
  printList(hosts, { json, columns, none });
}

const columns: readonly Column<HostSeen>[] = [
  { heading: "ID", cell: ({ id }) => id },
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "STATE", cell: ({ status }) => status },
  { heading: "OF", cell: ({ type, team }) => (type === "regular" ? "all" : (team ?? "-")), dispensable: 3 },
  { heading: "CORES", cell: ({ cpuCores }) => String(cpuCores ?? "-"), dispensable: 2 },
  {
    heading: "MEMORY",
    cell: ({ memoryMb }) => (memoryMb === undefined ? "-" : bytesText(memoryMb * 1024 ** 2)),
    dispensable: 2,
  },
  { heading: "TAGS", cell: ({ tags }) => tags.join(",") || "-", dispensable: 1 },
  { heading: "HEARD", cell: heardText, dispensable: 4 },
];

function heardText({ lastHeardAt }: HostSeen): string {
  return lastHeardAt === undefined ? "-" : `${durationText(Math.max(0, Date.now() - lastHeardAt.getTime()))} ago`;
}
