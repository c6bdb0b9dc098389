/** The options of a task, and the task that they describe. */
import { type Command, InvalidArgumentError } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { type NewTask, ownGroup, type TaskResource } from "../../client/tasks.ts";
import { artifactTypes } from "../../client/tasks-artifacts.ts";
import { parseUnitDurationMs } from "../../platform/unit-durations.ts";
import { addVariable, type Variables } from "../option-values.ts";

export interface TaskOptions extends YardFlags {
  group?: string;
  tag?: readonly string[];
  label?: readonly string[];
  priority: number;
  timeout: string;
  env?: Variables;
  resource?: readonly TaskResource[];
  watchFor?: NonNullable<NewTask["watch"]>;
}

export function addTaskOptions(command: Command): Command {
  return command
    .option("--group <group>", "whose task it is (default: your own group)")
    .option("--tag <tag>", "only a worker that has this tag runs it; may be repeated", addWord)
    .option("--label <label>", "to find it by; may be repeated", addWord)
    .option("--priority <number>", "the larger goes first; may be negative", parsePriority, 0)
    .option("--timeout <duration>", "stop it after this long: 90s, 10m, 1h 30min, 2days", parseTimeout, "10m")
    .option("--env <key=value>", "variable for the command; may be repeated", addVariable)
    .option(
      "--resource <path=source>",
      "a file that is there as $MITO_RESOURCE_DIR/PATH; SOURCE is attachment:KEY or artifact:TASK/TYPE; may be repeated",
      addResource,
    )
    .option("--watch-for <task[:state]>", "start when that task has come so far (default: TaskCommitted)", parseWatch);
}

/** @param argv must not be empty */
export async function newTask(
  client: YardClient,
  argv: readonly string[],
  options: TaskOptions,
  { capture }: { capture: boolean },
): Promise<NewTask> {
  return {
    ...{ argv, capture, group: options.group ?? (await ownGroup(client)) },
    ...{ tags: options.tag ?? [], labels: options.label ?? [] },
    ...{ timeout: options.timeout, priority: options.priority, watch: options.watchFor },
    ...{ env: options.env ?? {}, resources: options.resource ?? [] },
  };
}

export function addWord(word: string, before: readonly string[] = []): readonly string[] {
  if (word === "") throw new InvalidArgumentError("It must not be empty.");
  return [...before, word];
}

function parsePriority(text: string): number {
  const priority = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (priority !== (priority | 0)) throw new InvalidArgumentError("It is a whole number of 32 bits.");
  return priority;
}

function parseTimeout(text: string): string {
  if (parseUnitDurationMs(text) === undefined)
    throw new InvalidArgumentError("It looks like 90s, 10m, 1h 30min or 2days.");
  return text;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function parseWatch(text: string): NonNullable<NewTask["watch"]> {
  const [task = "", state = "TaskCommitted"] = text.split(/:(.*)/s, 2);
  if (!uuid.test(task)) throw new InvalidArgumentError("It looks like TASK, or TASK:ExecSpawned.");
  return { task, state };
}

function addResource(text: string, before: readonly TaskResource[] = []): readonly TaskResource[] {
  const [, path, kind, source] = /^([^=]+)=(attachment|artifact):(.+)$/s.exec(text) ?? [];
  if (path === undefined || source === undefined)
    throw new InvalidArgumentError("It looks like data.csv=attachment:KEY, or old.tar.gz=artifact:TASK/result.");
  if (kind === "attachment") return [...before, { path, from: { kind, key: source } }];
  const [task = "", type = ""] = source.split("/");
  if (!uuid.test(task) || !artifactTypes.some((known) => known === type))
    throw new InvalidArgumentError(`An artifact is named TASK/TYPE, where TYPE is ${artifactTypes.join(", ")}.`);
  return [...before, { path, from: { kind: "artifact", task, type } }];
}
