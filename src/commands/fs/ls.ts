/** `runyard fs ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { resolveSnapshot } from "../../client/scripts-fs.ts";
import { listTree, type TreeFile } from "../../client/scripts-tree.ts";
import { type Column, tableLines } from "../app/table.ts";
import { bytesText } from "../app/text.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts } from "../yard-options.ts";

type ListOptions = YardFlags & { json?: boolean };

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<snapshot>", "the id of a snapshot, or a label")
    .argument("[path]", "what is at this path and below it", "/")
    .option("--json", "print the files as an array")
    .addHelpText("after", help)
    .action(async (snapshot: string, path: string, options: ListOptions) => {
      process.exitCode = await list(snapshot, path, options);
    });
}

const help = `
Files and symbolic links; a directory is there by what is in it. A script looks for them on the yard, which \`runyard js ls\` lists, too.

Examples:
  $ runyard fs ls site
  $ runyard fs ls --json site src | jq -r '.[].path'`;

function list(name: string, path: string, { json, ...flags }: ListOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const snapshot = await resolveSnapshot(await connectToYard(flags), name);
      const files = await listTree(snapshot, path, followParts(flags, signal));
      const width = process.stdout.columns || Number.POSITIVE_INFINITY;
      if (json) console.log(JSON.stringify(files));
      else if (files.length === 0) console.error("There is no file.");
      else for (const line of tableLines(files, columns, width)) console.log(line);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

const columns: readonly Column<TreeFile>[] = [
  { heading: "MODE", cell: ({ mode }) => mode.toString(8).padStart(4, "0"), dispensable: 1 },
  { heading: "SIZE", cell: ({ size }) => bytesText(size), alignRight: true, dispensable: 2 },
  { heading: "PATH", cell: ({ path, target }) => (target === undefined ? path : `${path} -> ${target}`) },
];
