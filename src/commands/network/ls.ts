/** `runyard network ls` */
import type { Command } from "commander";
import { shortId } from "../../client/fleet-rows.ts";
import { networks } from "../../client/fleet-things.ts";
import { defineListing } from "../fleet/list-things.ts";

export function define(command: Command): void {
  defineListing(command, networks, {
    help: "\nExample:\n  $ runyard network ls --host all",
    columns: [
      { heading: "NAME", cell: ({ names: [name = ""] }) => name },
      { heading: "ID", cell: ({ id }) => shortId(id), dispensable: 3 },
      { heading: "DRIVER", cell: ({ driver }) => driver, dispensable: 2 },
      { heading: "CONTAINERS", cell: ({ containers }) => String(containers), alignRight: true },
      { heading: "STACK", cell: ({ stack }) => stack ?? "-", dispensable: 1 },
    ],
  });
}
