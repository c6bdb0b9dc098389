/** `runyard stack rm` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { type Clearing, findStack, type Leavings, previewClearing, removeStack } from "../../client/fleet-stacks.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { YardError } from "../../platform/errors.ts";
import { eachApp } from "../app/each-app.ts";
import { isMeant, requireAnswer } from "../fleet/sure.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface RemoveOptions extends YardFlags, Partial<Clearing> {
  readonly yes?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<stack...>", "their names")
    .option("--stop", "also stop and remove their containers")
    .option("--networks", "also remove their networks")
    .option("--volumes", "also remove their volumes, with all that is in them")
    .option("--images", "also remove their images, unless others use them")
    .option("--force", "also what other stacks depend on")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", help)
    .action(remove);
}

const help = `
Their files and variables are deleted. What runs goes on, unless --stop is given. Asks before it does; where there is no terminal to ask at, it refuses unless
--yes is given.

Examples:
  $ runyard stack rm shop
  $ runyard stack rm --yes --stop --networks --volumes shop`;

async function remove(names: readonly string[], { yes = false, ...options }: RemoveOptions): Promise<void> {
  requireAnswer(yes);
  const { stop = false, networks = false, volumes = false, images = false, force = false, ...flags } = options;
  const clearing = { stop, networks, volumes, images, force };
  const client = await connectToYard(flags);
  const { code } = await eachApp(names, async (name) => {
    const { placed } = await findStack(client, name); // ask about nothing that is not there
    if (!yes && !(await isMeant(await questionFor(client, name, clearing), yes)))
      return console.log(`${name} is left as it is.`);
    const cleared = await removeStack(client, name, clearing);
    const gone = cleared === undefined ? "" : goneText(cleared);
    const stays = stop || placed === undefined ? "" : " What runs of it goes on.";
    console.log(`${name} is deleted${gone === "" ? "" : `, and ${gone}`}.${stays}`);
    if (cleared !== undefined && cleared.errors.length > 0)
      throw new YardError(
        "precondition",
        `${name} is deleted, but not all that it left: ${cleared.errors.map(inert).join("; ")}`,
      );
  });
  process.exitCode = code;
}

async function questionFor(client: YardClient, name: string, clearing: Clearing): Promise<string> {
  const { stop, networks, volumes, images } = clearing;
  const found = networks || volumes || images ? await previewClearing(client, name) : undefined;
  const gone = found
    ? goneText({
        networks: networks ? found.networks : [],
        volumes: volumes ? found.volumes : [],
        images: images ? found.images : [],
      })
    : "";
  const parts = [`the files of ${inert(name)}`, ...(stop ? ["its containers"] : []), ...(gone === "" ? [] : [gone])];
  return `Delete ${parts.join(", ")}`;
}

function goneText({ networks, volumes, images }: Omit<Leavings, "errors">): string {
  const of = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${what}${names.length > 1 ? "s" : ""} ${names.map(inert).join(", ")}`];
  return [...of("network", networks), ...of("volume", volumes), ...of("image", images)].join(", ");
}
