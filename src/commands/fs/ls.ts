/** `runyard fs ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { resolveSnapshot } from "../../client/scripts-fs.ts";
import { type ListedEntry, listTree } from "../../client/trees.ts";
import type { Column } from "../app/table.ts";
import { bytesText } from "../app/text.ts";
import { exitCodes } from "../exit-codes.ts";
import { printTable } from "../listing.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

type ListOptions = YardFlags & { json?: boolean };

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<snapshot>", "the id of a snapshot, or a label")
    .argument("[path]", "what is at this path and below it", "/")
    .option("--json", "print them as an array")
    .addHelpText("after", help)
    .action(async (snapshot: string, path: string, options: ListOptions) => {
      process.exitCode = await list(snapshot, path, options);
    });
}

const help = `
Each directory, with a slash at its end, comes before what is in it.

Examples:
  $ runyard fs ls site
  $ runyard fs ls --json site src | jq -r '.[].path'`;

function list(name: string, path: string, { json, ...flags }: ListOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const snapshot = await resolveSnapshot(client, name);
      const entries = await Array.fromAsync(listTree(client, snapshot, path, signal));
      if (json) console.log(JSON.stringify(entries));
      else if (entries.length === 0) console.error("There is nothing.");
      else printTable(entries, columns);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

const columns: readonly Column<ListedEntry>[] = [
  { heading: "MODE", cell: ({ mode }) => mode.toString(8).padStart(4, "0"), dispensable: 1 },
  {
    heading: "SIZE",
    cell: ({ type, size }) => (type === "directory" ? "-" : bytesText(size)),
    alignRight: true,
    dispensable: 2,
  },
  { heading: "PATH", cell: pathText },
];

function pathText({ path, type, target }: ListedEntry): string {
  if (type === "directory") return `${path}/`;
  return target === undefined ? path : `${path} -> ${target}`;
}
