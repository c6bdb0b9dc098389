/** `runyard js ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { type ExecutionSeen, listExecutions } from "../../client/scripts.ts";
import type { Column } from "../app/table.ts";
import { durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { wholeNumber } from "../option-values.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { tookText } from "./took.ts";

interface ListOptions extends YardFlags {
  limit: number;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .option("-n, --limit <count>", "the newest ones only", wholeNumber({ min: 1, max: 100_000 }), 50)
    .option("--json", "print what the API answers: an array of executions")
    .addHelpText("after", help)
    .action(list);
}

const help = `
Yours only. States: running (also while it waits for its turn), completed, failed, timed_out, cancelled.

Examples:
  $ runyard js ls
  $ runyard js ls --json --limit 1`;

async function list({ limit, json, ...flags }: ListOptions): Promise<void> {
  const executions = await listExecutions(await connectToYard(flags));
  const shown = executions.slice(0, limit);
  const none = "There is no execution yet. Run a script: runyard js run -e '1 + 1'";
  printList(shown, { json, columns, none });
  if (!json && shown.length < executions.length)
    console.error(`${executions.length - shown.length} older ones are not shown: see --limit.`);
}

const columns: readonly Column<ExecutionSeen>[] = [
  { heading: "ID", cell: ({ id }) => id },
  { heading: "STATUS", cell: ({ status }) => status },
  { heading: "STARTED", cell: startedText, dispensable: 1 },
  { heading: "TOOK", cell: (execution) => tookText(execution) ?? "-", alignRight: true, dispensable: 2 },
];

function startedText({ startedAt }: ExecutionSeen): string {
  return `${durationText(Date.now() - startedAt.getTime())} ago`;
}
