/** `rm` of images, volumes and networks. */
import type { Command } from "commander";
import { chooseHost } from "../../client/fleet-hosts.ts";
import type { Named } from "../../client/fleet-rows.ts";
import { findThing, type Kind, removeThing } from "../../client/fleet-things.ts";
import { inert } from "../../client/inert.ts";
import { eachApp } from "../app/each-app.ts";
import { connectToYard } from "../yard-options.ts";
import { addFleetOptions, type FleetFlags } from "./host-option.ts";
import { nameOf } from "./listed.ts";
import { isMeant, requireAnswer } from "./sure.ts";

interface RemoveOptions extends FleetFlags {
  yes?: boolean;
  force?: boolean;
}

/** @param options.loses what goes with it, for the question @param options.canForce what `--force` means, where there is that */
export function defineRemoval<T extends Named>(
  command: Command,
  kind: Kind<T>,
  { help, loses = "", canForce }: { help: string; loses?: string; canForce?: string },
): void {
  addFleetOptions(command)
    .argument(`<${kind.what}...>`, `their names${kind.what === "volume" ? "" : ", ids, or beginnings of ids"}`)
    .option("-y, --yes", "do not ask")
    .addHelpText("after", help);
  if (canForce !== undefined) command.option("--force", canForce);
  command.action(async (called: readonly string[], { host, yes = false, force, ...flags }: RemoveOptions) => {
    requireAnswer(yes);
    const client = await connectToYard(flags);
    const choice = await chooseHost(client, host);
    const { code } = await eachApp(called, async (one) => {
      const thing = await findThing(client, kind, choice, one);
      const shown = thing.names.includes(one) ? inert(one) : nameOf(thing);
      const question = `Remove the ${kind.what} ${shown} of host ${inert(thing.host.name)}${loses}`;
      if (!(await isMeant(question, yes))) return console.log(`${shown} is left as it is.`);
      const id = thing.names.includes(one) ? one : thing.id;
      await removeThing(client, kind, { id, host: thing.host }, { force });
      console.log(`${shown} is removed.`);
    });
    process.exitCode = code;
  });
}
