/** `runyard js show` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { type ExecutionSeen, getExecution } from "../../client/scripts.ts";
import { timeText } from "../app/text.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { tookText } from "./took.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<id>", "the execution")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (id: string, options: YardFlags & { json?: boolean }) => {
      const execution = await getExecution(await connectToYard(options), id);
      if (options.json) return console.log(JSON.stringify(execution.json));
      for (const line of describeExecution(execution)) console.log(line);
    });
}

const help = `
The heap is what the script left in memory: go on from it with \`runyard js run --heap\`. fs is the snapshot of its mounted files.

Examples:
  $ runyard js show 0f8fad5b-d9cb-469f-a165-70867728950e
  $ runyard js show --json 0f8fad5b-d9cb-469f-a165-70867728950e | jq -r .heap`;

/** Lines for a terminal: inert, whatever the script made of its error and its result. What is not set has no line. */
function describeExecution(execution: ExecutionSeen): string[] {
  const { id, status, startedAt, endedAt, result, lost, heap, fs, error } = execution;
  const entries = [
    ["status", status],
    ["started", timeText(startedAt)],
    ["ended", endedAt && timeText(endedAt)],
    ["took", tookText(execution)],
    ["result", result],
    ["not JSON", lost.join("; ")],
    ["heap", heap],
    ["fs", fs],
    ...(error?.split("\n") ?? []).map((line, index) => [index === 0 ? "error" : "", line] as const),
  ] as const;
  const set = entries.flatMap(([label, value]) => (value ? [[label, value] as const] : []));
  const width = Math.max(...set.map(([label]) => label.length));
  return [inert(id), ...set.map(([label, value]) => `  ${label.padEnd(width)}  ${inert(value)}`)];
}
