/** `runyard fs merge` */
import { type Command, Option } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { type Conflict, mergeSnapshots, resolveSnapshot } from "../../client/scripts-fs.ts";
import { exitCodes } from "../exit-codes.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";

interface MergeOptions extends YardFlags {
  base?: string;
  prefer?: "ours" | "theirs";
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<ours>", "the id of a snapshot, or a label")
    .argument("<theirs>", "the other one")
    .option("--base <snapshot>", "what both come from; without it, what is on one side only was added there")
    .addOption(
      new Option("--prefer <side>", "whose file to take where both have changed it").choices(["ours", "theirs"]),
    )
    .option("--json", "print what the API answers, conflicts with their diffs included")
    .addHelpText("after", help)
    .action(async (ours: string, theirs: string, options: MergeOptions) => {
      process.exitCode = await merge(ours, theirs, options);
    });
}

const help = `
Prints the id of the new snapshot; no label is moved. Text that both have changed is merged by lines. Where that cannot be done there is
no snapshot: the conflicts are listed, text with both versions between markers, and it exits with ${exitCodes.failure}.

Examples:
  $ runyard fs merge --base "$BASE" "$MINE" site
  $ runyard fs merge --base "$BASE" --prefer ours "$MINE" site`;

async function merge(ours: string, theirs: string, options: MergeOptions): Promise<number> {
  const client = await connectToYard(options);
  const merged = await mergeSnapshots(client, {
    base: options.base && (await resolveSnapshot(client, options.base)),
    ours: await resolveSnapshot(client, ours),
    theirs: await resolveSnapshot(client, theirs),
    prefer: options.prefer,
  });
  if (options.json) console.log(JSON.stringify(merged.json));
  else if (merged.status === "merged") console.log(inert(merged.snapshot));
  else showConflicts(merged.conflicts);
  return merged.status === "merged" ? exitCodes.ok : exitCodes.failure;
}

/** To standard error: what is captured from standard output is an id, or nothing. */
function showConflicts(conflicts: readonly Conflict[]): void {
  const files = conflicts.length === 1 ? "one file" : `${conflicts.length} files`;
  notice(`${files} cannot be merged. Settle that in a script, or take one side with --prefer.`);
  for (const { path, kind, markers } of conflicts) {
    console.error(`\n${inert(path)} (${inert(kind)})`);
    if (markers !== undefined) console.error(markers.replace(/\n$/, "").split("\n").map(inert).join("\n"));
  }
}
