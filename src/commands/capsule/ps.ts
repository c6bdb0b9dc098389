/** `runyard capsule ps` */
import type { Command } from "commander";
import { join } from "shlex";
import { listProcesses, type ProcessSeen } from "../../client/capsule-processes.ts";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { Column } from "../app/table.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it")
    .option("--json", "print them as an array")
    .addHelpText("after", help)
    .action(list);
}

const help = `
Those with a tag were started from outside; a terminal's begins with pty-, and runyard capsule shell --attach TAG goes back to it.

Example:
  $ runyard capsule ps "$ID"`;

async function list(called: string, { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const processes = await listProcesses(client, await findCapsule(client, called));
  const none = "Nothing runs in it.";
  printList(processes, { json, columns, none });
}

const columns: readonly Column<ProcessSeen>[] = [
  { heading: "PID", cell: ({ pid }) => String(pid) },
  { heading: "TAG", cell: ({ tag }) => tag ?? "-" },
  { heading: "COMMAND", cell: ({ argv }) => join([...argv]), dispensable: 1 },
];
