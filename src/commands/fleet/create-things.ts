/** `create` of volumes and networks. */
import type { Command } from "commander";
import type { Named } from "../../client/fleet-rows.ts";
import { createThing, type Kind } from "../../client/fleet-things.ts";
import { inert } from "../../client/inert.ts";
import { addVariable, type Variables } from "../option-values.ts";
import { connectToYard } from "../yard-options.ts";
import { eachHost } from "./each-host.ts";
import { addFleetOptions, type FleetFlags } from "./host-option.ts";

interface CreateOptions extends FleetFlags {
  driver?: string;
  label?: Variables;
  json?: boolean;
}

export function defineCreation(command: Command, kind: Kind<Named>, help: string): void {
  addFleetOptions(command)
    .argument("<name>", "what it is to be called")
    .option("--driver <driver>", "of the engine (default: the engine's usual one)")
    .option("--label <key=value>", "may be repeated", addVariable)
    .option("--json", "print what the API answers, as an array")
    .addHelpText("after", help)
    .action(async (name: string, { host, driver, label: labels, json, ...flags }: CreateOptions) => {
      const client = await connectToYard(flags);
      const { code, done } = await eachHost(client, host, async (on) => {
        const made = await createThing(client, kind, on, { name, driver, labels });
        if (!json) console.log(`${inert(name)} is there, on host ${inert(on.name)}.`);
        return made;
      });
      if (json) console.log(JSON.stringify(done));
      process.exitCode = code;
    });
}
