/** `runyard fs pull` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { resolveSnapshot } from "../../client/scripts-fs.ts";
import { pullTree } from "../../client/trees.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { showProgress } from "./progress.ts";
import { transferredText } from "./transferred-text.ts";

type PullOptions = YardFlags & { json?: boolean };

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<snapshot>", "the id of a snapshot, or a label")
    .argument("<directory>", "where to write its files: a new directory, or an empty one")
    .option("--json", "print what was written as an object")
    .addHelpText("after", help)
    .action(async (snapshot: string, directory: string, options: PullOptions) => {
      process.exitCode = await pull(snapshot, directory, options);
    });
}

const help = `
Files, directories, symbolic links and permissions. The files appear when all of them have come; a transfer that breaks off, or is ended by
Ctrl-C, leaves nothing. Links are written as they are, and never followed.

Examples:
  $ runyard fs pull site ./site
  $ runyard fs push --expected "$(runyard fs head site)" site ./site`;

function pull(name: string, directory: string, { json, ...flags }: PullOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const snapshot = await resolveSnapshot(client, name);
      using progress = showProgress(process.stderr);
      const written = await pullTree(client, snapshot, directory, { signal, onProgress: progress.show });
      progress.clear();
      if (json) console.log(JSON.stringify({ snapshot, directory, ...written }));
      else console.log(`${inert(directory)} holds ${snapshot}: ${transferredText(written)}.`);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}
