/** `runyard image pull` */
import type { Command } from "commander";
import type { FleetHost } from "../../client/fleet-hosts.ts";
import { pullImage } from "../../client/fleet-pull.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { bytesText } from "../app/text.ts";
import { exitCodes } from "../exit-codes.ts";
import { eachHost } from "../fleet/each-host.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { stoppable } from "../stoppable.ts";
import { openProgressBar } from "../task/progress-bar.ts";
import { connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<image...>", "as nginx:1.27, or registry.example/team/app")
    .option("--json", "print what the API answers: a JSON object for each step")
    .addHelpText("after", help)
    .action(async (images: readonly string[], options: FleetFlags & { readonly json?: boolean }) => {
      process.exitCode = await pull(images, options);
    });
}

const help = `
With the credentials that the yard keeps for their registries. Ctrl-C gives up what is under way.

Examples:
  $ runyard image pull nginx:1.27
  $ runyard image pull --host all registry.example/team/app:3`;

function pull(images: readonly string[], { host, json, ...flags }: FleetFlags & { json?: boolean }): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      let worst: number = exitCodes.ok;
      for (const image of new Set(images)) {
        const { code } = await eachHost(client, host, (on) => pullOne(client, on, image, { json, signal }));
        worst = Math.max(worst, code);
      }
      return worst;
    },
    { whenOutputCloses: exitCodes.failure },
  );
}

async function pullOne(
  client: YardClient,
  host: FleetHost,
  image: string,
  { json, signal }: { json: boolean | undefined; signal: AbortSignal },
): Promise<void> {
  using bar = openProgressBar(process.stderr, { countText: bytesText });
  await pullImage(client, host, image, {
    signal,
    onProgress: ({ done, total, layers }) =>
      bar.show({ done, total, remark: `${layers.done} of ${layers.total} layers` }),
    onStatus(text) {
      if (json) return;
      bar.clear();
      console.error(`  ${text}`);
    },
    onRecord: json ? (record) => console.log(JSON.stringify(record)) : undefined,
  });
  bar.clear();
  if (!json) console.log(`${inert(image)} is on host ${inert(host.name)}.`);
}
