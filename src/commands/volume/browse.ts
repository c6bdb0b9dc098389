/** `runyard volume browse` */
import type { Command } from "commander";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { findThing, volumes } from "../../client/fleet-things.ts";
import { listVolumeDirectory, readVolumeFile, type VolumeEntry } from "../../client/fleet-volume-files.ts";
import type { Column } from "../app/table.ts";
import { bytesText, durationText } from "../app/text.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { printList } from "../listing.ts";
import { connectToYard, notice } from "../yard-options.ts";

interface BrowseOptions extends FleetFlags {
  print?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<volume>", "its name")
    .argument("[path]", "a directory in it", "/")
    .option("--print", "the path is a file's: print what is in it, up to a MiB")
    .option("--json", "print what the API answers: an array of entries")
    .addHelpText("after", help)
    .action(async (called: string, path: string, options: BrowseOptions, command: Command) => {
      if (options.print && options.json) command.error("error: --print prints the file as it is, and no JSON");
      await browse(called, path, options);
    });
}

const help = `
For whoever may manage the fleet: it is anybody's data. A container that only reads is started for it, and each look is in the audit log.

Examples:
  $ runyard volume browse shop_data /conf
  $ runyard volume browse --print shop_data /conf/app.ini`;

async function browse(called: string, path: string, { host, print, json, ...flags }: BrowseOptions): Promise<void> {
  const client = await connectToYard(flags);
  const volume = await findThing(client, volumes, await chooseHost(client, host), called);
  if (!print) {
    const entries = await listVolumeDirectory(client, volume, path);
    return printList(entries, { json, columns, none: "There is nothing in it." });
  }
  const { content, bytes, isCut } = await readVolumeFile(client, volume, path);
  process.stdout.write(content);
  if (isCut) notice(`these are the first ${bytesText(content.length)} of ${bytesText(bytes)}`);
}

const columns: readonly Column<VolumeEntry>[] = [
  { heading: "NAME", cell: ({ name, target }) => (target === undefined ? name : `${name} -> ${target}`) },
  { heading: "MODE", cell: ({ mode }) => mode, dispensable: 1 },
  { heading: "SIZE", cell: ({ bytes }) => bytesText(bytes), alignRight: true },
  {
    heading: "CHANGED",
    cell: ({ changedAt }) => `${durationText(Date.now() - changedAt.getTime())} ago`,
    dispensable: 2,
  },
];
