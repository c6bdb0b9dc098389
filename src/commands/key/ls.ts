/** `runyard key ls` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { type KeySeen, listKeys } from "../../client/team-keys.ts";
import type { Column } from "../app/table.ts";
import { durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print what the API answers: an array of keys")
    .addHelpText("after", "\nExample:\n  $ runyard key ls")
    .action(list);
}

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const keys = await listKeys(await connectToYard(flags));
  const none = "The team has no key. Make one: runyard key create";
  printList(keys, { json, columns, none });
}

const ageText = (at: Date): string => durationText(Date.now() - at.getTime());

const columns: readonly Column<KeySeen>[] = [
  { heading: "ID", cell: ({ id }) => id },
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "KEY", cell: ({ prefix }) => `${prefix}…`, dispensable: 2 },
  { heading: "MADE BY", cell: ({ creator }) => creator ?? "-", dispensable: 4 },
  { heading: "AGE", cell: ({ createdAt }) => ageText(createdAt), dispensable: 3 },
  { heading: "USED", cell: ({ lastUsedAt }) => (lastUsedAt ? `${ageText(lastUsedAt)} ago` : "never"), dispensable: 1 },
];
