/** `runyard capsule snapshot` */
import type { Command } from "commander";
import { findCapsule, resumeCapsule, snapshotCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { bytesText } from "../app/text.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";

interface SnapshotOptions extends YardFlags {
  force?: boolean;
  resume?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it; it runs or is paused")
    .argument("[name]", "of the template (default: one is made up)")
    .option("--force", "in place of the team's template of that name")
    .option("--resume", "let the capsule go on afterwards")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(snapshot);
}

const help = `
Prints the template's name. It holds the capsule's files; the capsule is paused by it, and stays so without --resume.

Examples:
  $ runyard capsule snapshot --resume "$ID" ready
  $ runyard capsule create ready`;

async function snapshot(
  called: string,
  name: string | undefined,
  { force = false, resume, json, ...flags }: SnapshotOptions,
): Promise<void> {
  const client = await connectToYard(flags);
  const id = await findCapsule(client, called);
  const made = await snapshotCapsule(client, id, { name, replace: force });
  if (resume) await resumeCapsule(client, id);
  console.log(json ? JSON.stringify(made.json) : inert(made.name));
  notice(`${bytesText(made.size)} are kept; ${id} ${resume ? "runs on" : "is paused"}.`);
}
