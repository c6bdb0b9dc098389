/** `runyard channel ls` */
import type { Command } from "commander";
import { type ChannelSeen, listChannels } from "../../client/channels.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { Column } from "../app/table.ts";
import { durationText } from "../app/text.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print what the API answers: an array of channels")
    .addHelpText("after", "\nExample:\n  $ runyard channel ls")
    .action(list);
}

async function list({ json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const channels = await listChannels(await connectToYard(flags));
  const none = "The team has no channel. Make one: runyard channel create --help";
  printList(channels, { json, columns, none });
}

const columns: readonly Column<ChannelSeen>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "PROVIDER", cell: ({ provider }) => provider },
  { heading: "DELIVERED", cell: ({ deliveredAt }) => agoText(deliveredAt), dispensable: 1 },
  { heading: "EVENTS", cell: ({ events }) => events.join(","), dispensable: 4 },
  { heading: "FAILED", cell: ({ lastError }) => agoText(lastError?.at), dispensable: 2 },
  { heading: "BECAUSE", cell: ({ lastError }) => lastError?.message ?? "-", dispensable: 3 },
];

function agoText(at: Date | undefined): string {
  return at ? `${durationText(Math.max(0, Date.now() - at.getTime()))} ago` : "-";
}
