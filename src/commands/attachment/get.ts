/** `runyard attachment get` */
import type { Command } from "commander";
import { findAttachment } from "../../client/attachments.ts";
import { inert } from "../../client/inert.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { download } from "../task/download.ts";
import { connectToYard } from "../yard-options.ts";
import { addGroupOption, type GroupOptions, groupOf } from "./group-option.ts";

type GetOptions = GroupOptions & { force?: boolean };

export function define(command: Command): void {
  addGroupOption(command)
    .argument("<key>", "its key")
    .argument("[file]", "where to (default: the last part of the key, here); - is standard output")
    .option("--force", "replace a file that is there")
    .option("--json", "print an object: file and bytes")
    .addHelpText("after", help)
    .action(async (key: string, file: string | undefined, options: GetOptions) => {
      process.exitCode = await get(key, file ?? nameIn(key), options);
    });
}

const help = `
The file appears when all of it has come.

Examples:
  $ runyard attachment get sets/data.csv
  $ runyard attachment get --group crew sets/data.csv - | head`;

function get(key: string, to: string, options: GetOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const place = await findAttachment(client, { group: await groupOf(client, options), key });
      await download(client, place, { to, force: options.force ?? false, signal, json: options.json });
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

/** Keys are anybody's: one must not lead elsewhere. @throws {YardError} invalid */
function nameIn(key: string): string {
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (name !== "" && name !== "." && name !== ".." && name !== "-") return name;
  throw new YardError("invalid", `the key ${inert(key)} is no name for a file: name the file behind it`);
}
