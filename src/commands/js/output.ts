/** `runyard js output` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { readExecutionOutput } from "../../client/scripts.ts";
import { followExecution } from "../../client/scripts-follow.ts";
import { writeTo } from "../../client/write.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts, notice } from "../yard-options.ts";
import { failureText } from "./outcome.ts";

interface OutputOptions extends YardFlags {
  follow?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<id>", "the execution")
    .option("-f, --follow", "go on with what it prints from now on, until it has ended")
    .option("--json", "print the pages as the API answers them, one object per line")
    .addHelpText("after", help)
    .action(async (id: string, options: OutputOptions) => {
      if (options.follow && options.json) command.error("error: --follow and --json: leave one out.");
      process.exitCode = await output(id, options);
    });
}

const help = `
With -f a restart of the yard neither loses nor repeats anything. Ctrl-C (exit code ${exitCodes.interrupted}) ends the reading, not the script.

Examples:
  $ runyard js output 0f8fad5b-d9cb-469f-a165-70867728950e
  $ runyard js output -f "$(runyard js run --detach crawl.ts)"`;

function output(id: string, options: OutputOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      if (!options.follow) return print(client, id, options, signal);
      const execution = await followExecution(id, client, followParts(options, signal));
      if (execution.status !== "completed") notice(failureText(execution));
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function print(client: YardClient, id: string, { json }: OutputOptions, signal: AbortSignal): Promise<number> {
  let position = 0;
  for (;;) {
    const page = await readExecutionOutput(client, id, { position, signal });
    await writeTo(process.stdout, Buffer.from(json ? `${JSON.stringify(page.json)}\n` : page.text), signal);
    if (!page.hasMore) return exitCodes.ok;
    position = page.next;
  }
}
