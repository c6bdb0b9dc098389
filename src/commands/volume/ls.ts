/** `runyard volume ls` */
import type { Command } from "commander";
import { volumes } from "../../client/fleet-things.ts";
import { defineListing } from "../fleet/list-things.ts";

export function define(command: Command): void {
  defineListing(command, volumes, {
    help: "\nExample:\n  $ runyard volume ls --host all",
    columns: [
      { heading: "NAME", cell: ({ id }) => id },
      { heading: "DRIVER", cell: ({ driver }) => driver, dispensable: 2 },
      { heading: "STACK", cell: ({ stack }) => stack ?? "-", dispensable: 1 },
    ],
  });
}
