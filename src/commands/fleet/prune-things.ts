/** `prune` of images and volumes. */
import type { Command } from "commander";
import type { FleetHost } from "../../client/fleet-hosts.ts";
import { type PruneCandidates, previewPruning, pruneThings } from "../../client/fleet-things.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import type { JsonObject } from "../../client/json.ts";
import { bytesText } from "../app/text.ts";
import { connectToYard } from "../yard-options.ts";
import { eachHost } from "./each-host.ts";
import { addFleetOptions, type FleetFlags } from "./host-option.ts";
import { isMeant, requireAnswer } from "./sure.ts";

interface PruneOptions extends FleetFlags {
  preview?: boolean;
  yes?: boolean;
  json?: boolean;
}

type Prunable = "images" | "volumes";

/** @param options.loses what goes with them, for the question */
export function definePruning(
  command: Command,
  path: Prunable,
  { help, loses = "" }: { help: string; loses?: string },
): void {
  addFleetOptions(command)
    .option("--preview", "change nothing: tell what would go")
    .option("-y, --yes", "do not ask")
    .option("--json", "print what the API answers, as an array")
    .addHelpText("after", help)
    .action(async ({ host: called, preview = false, yes = false, json, ...flags }: PruneOptions) => {
      if (!preview) requireAnswer(yes);
      const client = await connectToYard(flags);
      const { code, done } = await eachHost(client, called, async (host) => {
        const work = preview ? tell(client, path, host) : prune(client, path, host, { isSure: yes, loses });
        const { text, json: answer } = await work;
        if (!json) console.log(`${inert(host.name)}: ${text}`);
        return answer;
      });
      if (json) console.log(JSON.stringify(done.filter((answer) => answer !== undefined)));
      process.exitCode = code;
    });
}

interface Told {
  readonly text: string;
  readonly json?: JsonObject;
}

async function tell(client: YardClient, path: Prunable, host: FleetHost): Promise<Told> {
  const found = await previewPruning(client, path, host);
  return { json: found.json, text: found.names.length === 0 ? "there is nothing to remove." : `${namesText(found)}.` };
}

async function prune(
  client: YardClient,
  path: Prunable,
  host: FleetHost,
  { isSure, loses }: { isSure: boolean; loses: string },
): Promise<Told> {
  if (!isSure) {
    const found = await previewPruning(client, path, host);
    if (found.names.length === 0) return { text: "there is nothing to remove." };
    const question = `Remove these ${path} of host ${inert(host.name)}${loses}: ${namesText(found)}`;
    if (!(await isMeant(question, isSure))) return { text: "all is left as it is." };
  }
  const { json, removed, bytes } = await pruneThings(client, path, host);
  return { json, text: `${removed} removed, ${bytesText(bytes)} freed.` };
}

function namesText({ names, bytes }: PruneCandidates): string {
  return `${names.map(inert).join(", ")} (${bytesText(bytes)})`;
}
