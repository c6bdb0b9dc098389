/** `runyard template import` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { importTemplate, openArchive } from "../../client/templates.ts";
import { bytesText } from "../app/text.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface ImportOptions extends YardFlags {
  shared?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "of the new template: letters, digits, dots, hyphens and underscores")
    .argument("<archive>", "a tar archive of a root file system, plain or gzipped; - is standard input")
    .option("--shared", "make it everybody's; for administrators")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (name: string, archive: string, options: ImportOptions) => {
      process.exitCode = await make(name, archive, options);
    });
}

const help = `
It is there when all of the archive has come, or not at all.

Examples:
  $ runyard template import alpine alpine-minirootfs.tar.gz
  $ docker export "$CONTAINER" | runyard template import python -`;

function make(name: string, path: string, { shared = false, json, ...flags }: ImportOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const archive = await openArchive(path);
      const made = await importTemplate(client, { name, isShared: shared, archive, signal });
      console.log(json ? JSON.stringify(made.json) : `${inert(name)} is there: ${bytesText(made.size)}.`);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}
