/** `runyard container update` */
import type { Command } from "commander";
import { askForUpdate, type ContainerSeen, updateContainer } from "../../client/fleet-containers.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { nameOf } from "../fleet/listed.ts";
import { connectToYard } from "../yard-options.ts";
import { eachContainer } from "./each-container.ts";

interface UpdateOptions extends FleetFlags {
  check?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<container...>", "their names, ids, or beginnings of ids")
    .option("--check", "change nothing: tell whether there is a newer image")
    .option("--json", "print what the API answers, as an array")
    .addHelpText("after", help)
    .action(update);
}

const help = `
Pulls the image by its name; if that is another one by now, an identical container of it takes the place of the old one. If it does not come up, the old one
stays.

Examples:
  $ runyard container update --check web
  $ runyard container update web
  $ runyard container rollback web`;

async function update(called: readonly string[], { host, check, json, ...flags }: UpdateOptions): Promise<void> {
  const client = await connectToYard(flags);
  const { code, done } = await eachContainer(client, await chooseHost(client, host), called, async (one) => {
    const { text, json: answer } = await (check ? look(client, one) : replace(client, one));
    if (!json) console.log(text);
    return answer;
  });
  if (json) console.log(JSON.stringify(done));
  process.exitCode = code;
}

async function look(client: YardClient, container: ContainerSeen) {
  const { json, isThere, image } = await askForUpdate(client, container);
  const name = nameOf(container);
  return {
    json,
    text: isThere ? `${name}: there is a newer ${inert(image)}.` : `${name}: ${inert(image)} is the newest.`,
  };
}

async function replace(client: YardClient, container: ContainerSeen) {
  const { json, isNew } = await updateContainer(client, container);
  const name = nameOf(container);
  return { json, text: isNew ? `${name} runs the newer image.` : `${name} is of the newest image already.` };
}
