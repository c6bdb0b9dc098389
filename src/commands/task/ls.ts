/** `runyard task ls` */
import { type Command, Option } from "commander";
import { join } from "shlex";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import {
  countTasks,
  queryTasks,
  type TaskFilter,
  type TaskSeen,
  type TaskState,
  taskStates,
} from "../../client/tasks.ts";
import type { Column } from "../app/table.ts";
import { durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { wholeNumber } from "../option-values.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { addWord } from "./task-options.ts";

interface ListOptions extends YardFlags {
  group?: string;
  tag?: readonly string[];
  label?: readonly string[];
  creator?: readonly string[];
  state?: readonly TaskState[];
  limit: number;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .option("--group <group>", "of this group (default: your own)")
    .option("--tag <tag>", "that have this tag; may be repeated", addWord)
    .option("--label <label>", "that have this label; may be repeated", addWord)
    .option("--creator <user>", "of this user; may be repeated", addWord)
    .addOption(new Option("--state <state...>", "in one of these states").choices(taskStates))
    .option("-n, --limit <count>", "at most so many", wholeNumber({ min: 1, max: 10_000 }), 50)
    .option("--json", "print what the API answers: an array of tasks")
    .addHelpText("after", help)
    .action(list);
}

const help = `
Those that wait or run, then those that are over; of each the newest first. States: pending (waits for another task), ready (waits for a worker),
running, finished (ended by itself, whatever its exit code), cancelled (by somebody, or by its timeout).

Examples:
  $ runyard task ls
  $ runyard task ls --group crew --state finished --label nightly
  $ runyard task ls --json --state running | jq -r '.[].uuid'`;

async function list({ json, limit, group, tag, label, creator, state, ...flags }: ListOptions): Promise<void> {
  const client = await connectToYard(flags);
  const filter = { group, creators: creator, tags: tag, labels: label };
  const { tasks, total } = await select(client, filter, state ?? taskStates, limit);
  const none = "There is no such task. Submit one: runyard task run -- echo hello";
  printList(tasks, { json, columns, none });
  if (!json && total > tasks.length) console.error(`${total - tasks.length} more are not shown: see --limit.`);
}

/** Those that are not over come first: they may be few behind many that are. */
async function select(client: YardClient, filter: TaskFilter, states: readonly TaskState[], limit: number) {
  const isOver = (state: TaskState): boolean => state === "finished" || state === "cancelled";
  const open = states.filter((state) => !isOver(state));
  const over = states.filter(isOver);
  const first = await newest(client, { ...filter, states: open }, limit);
  const rest = await newest(client, { ...filter, states: over }, limit - first.tasks.length);
  return { tasks: [...first.tasks, ...rest.tasks], total: first.total + rest.total };
}

/** The API's order is the oldest first. */
async function newest(client: YardClient, filter: TaskFilter & { states: readonly TaskState[] }, limit: number) {
  if (filter.states.length === 0) return { tasks: [], total: 0 };
  const total = await countTasks(client, filter);
  if (limit === 0) return { tasks: [], total };
  const tasks = await queryTasks(client, filter, { limit, offset: Math.max(0, total - limit) });
  return { tasks: tasks.toReversed(), total };
}

const columns: readonly Column<TaskSeen>[] = [
  { heading: "ID", cell: ({ uuid }) => uuid },
  { heading: "STATE", cell: ({ state }) => state },
  { heading: "EXIT", cell: exitText, alignRight: true, dispensable: 1 },
  { heading: "AGE", cell: ({ createdAt }) => durationText(Date.now() - createdAt.getTime()), dispensable: 2 },
  { heading: "CREATOR", cell: ({ creator }) => creator, dispensable: 5 },
  { heading: "LABELS", cell: ({ labels }) => labels.join(","), dispensable: 4 },
  { heading: "COMMAND", cell: ({ argv }) => shortened(join(argv)), dispensable: 3 },
];

function exitText({ state, result }: TaskSeen): string {
  return state === "finished" && result ? String(result.exitCode) : "-";
}

const longestCommand = 60;

function shortened(command: string): string {
  return command.length > longestCommand ? `${command.slice(0, longestCommand - 1)}…` : command;
}
