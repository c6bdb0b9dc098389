/** `runyard image ls` */
import type { Command } from "commander";
import { shortId } from "../../client/fleet-rows.ts";
import { images } from "../../client/fleet-things.ts";
import { bytesText, durationText } from "../app/text.ts";
import { defineListing } from "../fleet/list-things.ts";

export function define(command: Command): void {
  defineListing(command, images, {
    help: "\nExample:\n  $ runyard image ls --host all",
    columns: [
      { heading: "IMAGE", cell: ({ names: [name] }) => name ?? "-" },
      { heading: "ID", cell: ({ id }) => shortId(id), dispensable: 1 },
      { heading: "SIZE", cell: ({ bytes }) => bytesText(bytes), alignRight: true },
      { heading: "AGE", cell: ({ createdAt }) => durationText(Date.now() - createdAt.getTime()), dispensable: 2 },
    ],
  });
}
