/** `runyard worker ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { listWorkers, type WorkerFilter, type WorkerSeen } from "../../client/workers.ts";
import type { Column } from "../app/table.ts";
import { durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { addWord } from "../task/task-options.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface ListOptions extends YardFlags {
  group?: string;
  tag?: readonly string[];
  label?: readonly string[];
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .option("--group <group>", "that serve this group (default: your own)")
    .option("--tag <tag>", "that have this tag; may be repeated", addWord)
    .option("--label <label>", "that have this label; may be repeated", addWord)
    .option("--json", "print what the API answers: an array of workers")
    .addHelpText("after", help)
    .action(list);
}

const help = `
States: idle; busy (it has a task); draining (it gets no more tasks, and goes when it has none).

Examples:
  $ runyard worker ls
  $ runyard worker ls --group crew --tag gpu`;

async function list({ group, tag, label, json, ...flags }: ListOptions): Promise<void> {
  const filter: WorkerFilter = { group, tags: tag, labels: label };
  const workers = await listWorkers(await connectToYard(flags), filter);
  const none = "There is no such worker. Start one: runyard worker";
  printList(workers, { json, columns, none });
}

const columns: readonly Column<WorkerSeen>[] = [
  { heading: "ID", cell: ({ uuid }) => uuid },
  { heading: "STATE", cell: stateText },
  { heading: "HEARD", cell: ({ lastHeardAt }) => `${durationText(Date.now() - lastHeardAt.getTime())} ago` },
  { heading: "TAGS", cell: ({ tags }) => tags.join(",") || "-", dispensable: 1 },
  { heading: "LABELS", cell: ({ labels }) => labels.join(",") || "-", dispensable: 3 },
  { heading: "CREATOR", cell: ({ creator }) => creator, dispensable: 4 },
  { heading: "TASK", cell: ({ task }) => task ?? "-", dispensable: 2 },
];

function stateText({ isDraining, task }: WorkerSeen): string {
  if (isDraining) return "draining";
  return task === undefined ? "idle" : "busy";
}
