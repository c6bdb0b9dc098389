/** `runyard task cancel` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { cancelTask, cancelTasks } from "../../client/tasks.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { addWord } from "./task-options.ts";

interface CancelOptions extends YardFlags {
  label?: readonly string[];
  group?: string;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("[task...]", "their UUIDs")
    .option("--label <label>", "in place of UUIDs: all that have this label; may be repeated", addWord)
    .option("--group <group>", "with --label: of this group (default: your own)")
    .option("--json", "print the UUIDs that were cancelled, as an array; with --label, how many")
    .addHelpText("after", help)
    .action(async (uuids: string[], options: CancelOptions) => {
      if ((uuids.length === 0) === (options.label === undefined))
        command.error("error: name tasks by their UUIDs, or by --label.");
      await (options.label ? cancelLabelled(options) : cancelNamed(uuids, options));
    });
}

const help = `
Final at once, also for a task that runs: its worker stops it. What a cancelled task has printed and left is lost.

Examples:
  $ runyard task cancel 0f8fad5b-d9cb-469f-a165-70867728950e
  $ runyard task cancel --label nightly`;

async function cancelNamed(uuids: readonly string[], { json, ...flags }: CancelOptions): Promise<void> {
  const client = await connectToYard(flags);
  const { code, done } = await eachApp(uuids, async (uuid) => {
    await cancelTask(client, uuid).catch((error: unknown) => {
      if (!isYardError(error)) throw error;
      throw new YardError(error.code, `${inert(uuid)}: ${error.message}`, { cause: error });
    });
    if (!json) console.log(`${inert(uuid)} is cancelled.`);
    return uuid;
  });
  if (json) console.log(JSON.stringify(done));
  process.exitCode = code;
}

async function cancelLabelled({ label, group, json, ...flags }: CancelOptions): Promise<void> {
  const cancelled = await cancelTasks(await connectToYard(flags), { group, labels: label });
  console.log(
    json ? JSON.stringify({ cancelled }) : `${cancelled} ${cancelled === 1 ? "task is" : "tasks are"} cancelled.`,
  );
}
