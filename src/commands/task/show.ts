/** `runyard task show` */
import type { Command } from "commander";
import { join } from "shlex";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { getTask, type TaskAndArtifacts } from "../../client/tasks.ts";
import { bytesText, timeText } from "../app/text.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { outcomeText } from "./outcome.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<task>", "its UUID")
    .option("--json", "print what the API answers: the task as `info`, and its artifacts")
    .addHelpText("after", help)
    .action(async (uuid: string, options: YardFlags & { json?: boolean }) => {
      const found = await getTask(await connectToYard(options), uuid);
      if (options.json) return console.log(JSON.stringify(found.json));
      for (const line of describeTask(found)) console.log(line);
    });
}

const help = `
Examples:
  $ runyard task show 0f8fad5b-d9cb-469f-a165-70867728950e
  $ runyard task show --json 0f8fad5b-d9cb-469f-a165-70867728950e | jq .info.result.exit_status`;

/** Lines for a terminal: inert, whatever the task's fields hold. What is not set has no line. */
function describeTask({ task, artifacts }: TaskAndArtifacts): string[] {
  const { json, uuid, state, result } = task;
  const entries = [
    ["state", state],
    ["result", result && outcomeText({ ...result, exitCode: state === "finished" ? result.exitCode : undefined })],
    ["command", join(task.argv)],
    ["group", task.group],
    ["creator", task.creator],
    ["tags", task.tags.join(", ")],
    ["labels", task.labels.join(", ")],
    ["priority", textOf(json.priority)],
    ["timeout", `${textOf(json.timeout)} s`],
    ["created", timeText(task.createdAt)],
    ["changed", timeText(task.updatedAt)],
    ["worker", textOf(json.reporter_uuid)],
    ["comes after", textOf(json.upstream_task_uuid)],
    ["before", textOf(json.downstream_task_uuid)],
    ["left", artifacts.map(({ type, size }) => `${type} (${bytesText(size)})`).join(", ")],
  ] as const;
  const set = entries.flatMap(([label, value]) => (value ? [[label, value] as const] : []));
  const width = Math.max(...set.map(([label]) => label.length));
  return [inert(uuid), ...set.map(([label, value]) => `  ${label.padEnd(width)}  ${inert(value)}`)];
}

function textOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}
