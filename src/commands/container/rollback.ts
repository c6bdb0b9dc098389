/** `runyard container rollback` */
import type { Command } from "commander";
import { type ContainerSeen, findContainer, listUpdates, rollContainerBack } from "../../client/fleet-containers.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import type { YardClient } from "../../client/http.ts";
import { YardError } from "../../platform/errors.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { nameOf } from "../fleet/listed.ts";
import { wholeNumber } from "../option-values.ts";
import { connectToYard } from "../yard-options.ts";

interface RollbackOptions extends FleetFlags {
  update?: number;
  json?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<container>", "its name, its id, or a beginning of its id")
    .option(
      "--update <number>",
      "the update to take back (default: the newest that was not)",
      wholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    )
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(rollBack);
}

const help = `
An identical container of the image from before the update takes its place.

Example:
  $ runyard container rollback web`;

async function rollBack(called: string, { host, update, json, ...flags }: RollbackOptions): Promise<void> {
  const client = await connectToYard(flags);
  const container = await findContainer(client, await chooseHost(client, host), called);
  const answer = await rollContainerBack(client, container, update ?? (await newestUpdate(client, container)));
  console.log(json ? JSON.stringify(answer) : `${nameOf(container)} runs the image from before the update.`);
}

async function newestUpdate(client: YardClient, container: ContainerSeen): Promise<number> {
  const newest = (await listUpdates(client, container)).find(({ isRolledBack }) => !isRolledBack);
  if (newest) return newest.id;
  throw new YardError("precondition", `${nameOf(container)} has no update that could be taken back.`);
}
