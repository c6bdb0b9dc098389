/** The same for several workers, for the commands that send them home. */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { shutDownWorker } from "../../client/workers.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

type ShutDownOptions = YardFlags & { json?: boolean };

/** @param how.done what is said of a worker afterwards, as in `… is removed.` */
export function defineShutDown(command: Command, help: string, how: { force: boolean; done: string }): void {
  addYardOptions(command)
    .argument("<worker...>", "their UUIDs")
    .option("--json", "print the UUIDs of those for which it went well, as an array")
    .addHelpText("after", help)
    .action((uuids: string[], options: ShutDownOptions) => shutDown(uuids, options, how));
}

async function shutDown(
  uuids: readonly string[],
  { json, ...flags }: ShutDownOptions,
  { force, done: said }: { force: boolean; done: string },
): Promise<void> {
  const client = await connectToYard(flags);
  const { code, done } = await eachApp(uuids, async (uuid) => {
    await shutDownWorker(client, uuid, { force }).catch((error: unknown) => {
      if (!isYardError(error)) throw error;
      throw new YardError(error.code, `${inert(uuid)}: ${error.message}`, { cause: error });
    });
    if (!json) console.log(`${inert(uuid)} ${said}`);
    return uuid;
  });
  if (json) console.log(JSON.stringify(done));
  process.exitCode = code;
}
