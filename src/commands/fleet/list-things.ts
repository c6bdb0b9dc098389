/** `ls` of images, volumes and networks. */
import type { Command } from "commander";
import { chooseHost } from "../../client/fleet-hosts.ts";
import type { Named } from "../../client/fleet-rows.ts";
import { type Kind, listThings } from "../../client/fleet-things.ts";
import type { Column } from "../app/table.ts";
import { connectToYard } from "../yard-options.ts";
import { addFleetOptions, type FleetFlags } from "./host-option.ts";
import { printFleetList } from "./listed.ts";

export function defineListing<T extends Named>(
  command: Command,
  kind: Kind<T>,
  { columns, help }: { columns: readonly Column<T>[]; help: string },
): void {
  addFleetOptions(command)
    .option(
      "--json",
      "print what the API answers: an array; with --host all an object with it, and the hosts that are away",
    )
    .addHelpText("after", help)
    .action(async ({ host, json, ...flags }: FleetFlags & { readonly json?: boolean }) => {
      const client = await connectToYard(flags);
      const choice = await chooseHost(client, host);
      const { things, ...rest } = await listThings(client, kind, choice);
      const none = `There is no ${kind.what}.`;
      process.exitCode = printFleetList({ rows: things, ...rest }, { choice, json, columns, none });
    });
}
