/** `runyard app logs` */
import { type Command, Option } from "commander";
import { getApp } from "../../client/apps.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { type FirstRun, followApp } from "../../client/follow-app.ts";
import type { FollowParts } from "../../client/follow-run.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { type CopyTarget, copyOutput, readOutputPage } from "../../client/output.ts";
import { type Amount, tailPosition } from "../../client/tail.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts, notice } from "../yard-options.ts";
import { openJsonLines } from "./json-lines.ts";

interface LogsOptions extends YardFlags {
  follow?: boolean;
  tail?: number;
  bytes?: number;
  index?: number;
  json?: boolean;
}

const count = wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER });

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "the app")
    .option("-f, --follow", "go on with what it prints from now on, and with its next processes")
    .option("-n, --tail <lines>", "only the last lines", count)
    .addOption(new Option("-c, --bytes <bytes>", "only the last bytes").argParser(count).conflicts("tail"))
    .addOption(
      new Option("--index <k>", "of its k-th last process before the current one, if that output is kept")
        .argParser(count)
        .conflicts("follow"),
    )
    .option("--json", "print each line as a JSON object")
    .addHelpText("after", help)
    .action(async (name: string, options: LogsOptions) => {
      process.exitCode = await logs(name, options);
    });
}

const help = `
The bytes are printed as they are, standard error together with standard output. With -f a restart of the yard neither loses nor repeats any;
it ends with Ctrl-C (exit code ${exitCodes.interrupted}), or when the app is deleted. Earlier outputs are kept if the app says so (--keep-outputs).

Examples:
  $ runyard app logs web
  $ runyard app logs -f --tail 100 web
  $ runyard app logs --index 1 web | grep -i error`;

function logs(name: string, options: LogsOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      await using lines = options.json ? openJsonLines(name, process.stdout) : undefined;
      const output = lines?.output ?? process.stdout;
      if (options.follow) await follow(client, name, options, { ...followParts(options, signal), output });
      else await print(client, name, options, { output, signal });
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function print(client: YardClient, name: string, options: LogsOptions, parts: CopyTarget): Promise<void> {
  await getApp(client, name); // says how to find the right name
  const begun = await readOutputPage(client, name, { index: options.index ?? 0, limit: 1, signal: parts.signal }).catch(
    (error: unknown) => {
      if (!isYardError(error, "not_found")) throw error;
      throw new YardError("not_found", `no such output: ${error.message} Look: runyard app show ${inert(name)}`);
    },
  );
  const from = await startIn(client, name, begun, options, parts.signal);
  if (begun.from > from)
    notice(`the first ${begun.from} bytes are missing here: the yard has dropped its oldest output`);
  await copyOutput(client, { name, run: begun.run }, { from, to: begun.size }, parts);
}

async function follow(client: YardClient, name: string, options: LogsOptions, parts: FollowParts): Promise<void> {
  const app = await getApp(client, name);
  const first = await firstRun(client, name, options, parts.signal);
  await followApp(name, first, { ends: app.temporary }, parts);
  if (!app.temporary) notice(`${name} was deleted: nothing more will come`);
}

async function firstRun(
  client: YardClient,
  name: string,
  options: LogsOptions,
  signal: AbortSignal,
): Promise<FirstRun | undefined> {
  try {
    const begun = await readOutputPage(client, name, { limit: 1, signal });
    return { run: begun.run, position: await startIn(client, name, begun, options, signal) };
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined; // not started yet
    throw error;
  }
}

async function startIn(
  client: YardClient,
  name: string,
  begun: { run: string; size: number },
  { tail, bytes }: LogsOptions,
  signal: AbortSignal,
): Promise<number> {
  const amount: Amount | undefined = tail !== undefined ? { lines: tail } : bytes !== undefined ? { bytes } : undefined;
  return amount ? tailPosition(client, name, begun, amount, signal) : 0;
}
