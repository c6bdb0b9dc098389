/** `runyard task run`: a queued command, as if it ran here. Workers send what a task printed when it has ended, not before: no API of theirs has a
 *  stream of it. `runyard run`, which has no queue, shows its output live. */
import type { Command } from "commander";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { createPersist } from "../../client/persist.ts";
import type { TaskSeen } from "../../client/tasks.ts";
import { copyTaskOutput } from "../../client/tasks-artifacts.ts";
import { awaitOrCancel, submitOnce } from "../../client/tasks-follow.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts, notice } from "../yard-options.ts";
import { outcomeText } from "./outcome.ts";
import { addTaskOptions, newTask, type TaskOptions } from "./task-options.ts";

export function define(command: Command): void {
  addTaskOptions(addYardOptions(command))
    .argument("[command...]", "program and arguments, after --; no shell reads them")
    .addHelpText("after", help)
    .action(async (argv: string[], options: TaskOptions) => {
      if (argv.length === 0) command.error("error: no command. Name it after --, as in: runyard task run -- make test");
      process.exitCode = await run(argv, options);
    });
}

const help = `
What the command prints is shown when it has ended: workers send it then, and not before. Its standard output and its standard error come
apart, each as a whole. (\`runyard run\` shows output as it is printed; it has no queue and no workers.) Ctrl-C cancels the task.

Exits with the command's own exit code, 128 and more for a death by a signal; with ${exitCodes.failure} if it was cancelled or ran out of time.

Examples:
  $ runyard task run -- sh -c 'echo hello; exit 3'
  $ runyard task run --tag arm64 --timeout 1h -- make test`;

function run(argv: readonly string[], options: TaskOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const task = await newTask(client, argv, options, { capture: true });
      const parts = followParts(options, signal);
      const persist = createPersist(client, parts);
      const uuid = await submitOnce(task, persist);
      const ended = await awaitOrCancel(uuid, persist, { ...parts, onWait: sayIfNobodyComes() });
      return await finish(ended, await parts.connect(), signal);
    },
    { whenOutputCloses: exitCodes.failure }, // the task was cancelled before its end
  );
}

async function finish({ uuid, state, result }: TaskSeen, client: YardClient, signal: AbortSignal): Promise<number> {
  const { stdout, stderr } = process;
  const hasOutput = await copyTaskOutput(client, uuid, { stdout, stderr, signal });
  if (!hasOutput && state === "finished") notice(`nothing of what task ${uuid} printed was kept`);
  if (state === "finished" && result) {
    if (result.reason !== undefined) notice(`task ${uuid}: ${outcomeText({ reason: result.reason })}`);
    return result.exitCode;
  }
  notice(`task ${uuid} has ended early: ${outcomeText({ reason: result?.reason })}`);
  return exitCodes.failure;
}

/** Tells once that no worker has taken the task yet, and which one would. */
function sayIfNobodyComes(): (task: TaskSeen) => void {
  let isSaid = false;
  return ({ uuid, state, group, tags }) => {
    if (isSaid || state !== "ready") return;
    isSaid = true;
    const serves = `serves ${inert(group)}`;
    const needed = tags.length === 0 ? ` and ${serves}` : `, ${serves} and has the tags ${tags.map(inert).join(", ")}`;
    notice(`task ${uuid} waits for a worker that is free${needed}. Look: runyard worker ls --group ${inert(group)}`);
  };
}
