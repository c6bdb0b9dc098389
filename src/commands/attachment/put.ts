/** `runyard attachment put` */
import { basename } from "node:path";
import type { Command } from "commander";
import { putAttachment } from "../../client/attachments.ts";
import { inert } from "../../client/inert.ts";
import { sizeOfFile } from "../../client/transfers.ts";
import { bytesText } from "../app/text.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { openProgressBar } from "../task/progress-bar.ts";
import { connectToYard } from "../yard-options.ts";
import { addGroupOption, type GroupOptions, groupOf } from "./group-option.ts";

export function define(command: Command): void {
  addGroupOption(command)
    .argument("<file>", "the file")
    .argument("[key]", "its key (default: the file's name); with a slash at its end, the file's name is added")
    .option("--json", "print an object: group, key, bytes, and whether it replaced something")
    .addHelpText("after", help)
    .action(async (file: string, key: string | undefined, options: GroupOptions) => {
      process.exitCode = await put(file, key ?? basename(file), options);
    });
}

const help = `
What the key had before is there until all of the new file has arrived.

Examples:
  $ runyard attachment put data.csv
  $ runyard attachment put --group crew data.csv sets/`;

function put(path: string, givenKey: string, options: GroupOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const key = givenKey.endsWith("/") ? givenKey + basename(path) : givenKey;
      const bytes = await sizeOfFile(path);
      const client = await connectToYard(options);
      const group = await groupOf(client, options);
      using bar = openProgressBar(process.stderr, { countText: bytesText });
      const onProgress = (sent: number): void => bar.show({ done: sent, total: bytes });
      const replaced = await putAttachment(client, { group, key }, { path, bytes }, { signal, onProgress });
      bar.clear();
      if (options.json) console.log(JSON.stringify({ group, key, bytes, replaced }));
      else console.log(`${inert(key)} of ${inert(group)} is ${replaced ? "replaced" : "there"}: ${bytesText(bytes)}.`);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}
