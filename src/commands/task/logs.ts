/** `runyard task logs` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { createPersist } from "../../client/persist.ts";
import { getTask } from "../../client/tasks.ts";
import { copyTaskOutput } from "../../client/tasks-artifacts.ts";
import { awaitTask } from "../../client/tasks-follow.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<task>", "its UUID")
    .option("--wait", "if it has not ended, wait until it has")
    .addHelpText("after", help)
    .action(async (uuid: string, options: YardFlags & { wait?: boolean }) => {
      process.exitCode = await logs(uuid, options);
    });
}

const help = `
Standard output goes to standard output, standard error to standard error. Both are there when the task has ended, if it was submitted with
--capture, or by \`task run\`.

Example:
  $ runyard task logs --wait 0f8fad5b-d9cb-469f-a165-70867728950e | grep -i error`;

function logs(uuid: string, { wait, ...flags }: YardFlags & { wait?: boolean }): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      if (wait) await awaitTask(uuid, createPersist(client, followParts(flags, signal)), { signal });
      const output = { stdout: process.stdout, stderr: process.stderr, signal };
      if (!(await copyTaskOutput(client, uuid, output))) throw await nothingKept(uuid, () => getTask(client, uuid));
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function nothingKept(uuid: string, look: () => ReturnType<typeof getTask>): Promise<YardError> {
  const { task } = await look(); // says how it is if there is none
  const why = task.result
    ? "It was submitted without --capture, or has ended before it began."
    : `It is ${inert(task.state)}: what it prints comes when it has ended. Wait for that with --wait.`;
  return new YardError("not_found", `there is no output of task ${inert(uuid)}. ${why}`);
}
