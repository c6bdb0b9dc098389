/** `runyard serve`: a yard, until it is told to stop. */
import { flushCompileCache } from "node:module";
import type { Command } from "commander";
import type { Config } from "../config.ts";
import { giveBackAtRest } from "../platform/process/give-back.ts";
import { packageVersion } from "../version.ts";
import { openYard, type Yard } from "../yard.ts";
import { launcher } from "./launcher.ts";
import { addSettingOptions, readSettings } from "./settings.ts";
import { onStopRequest } from "./signals.ts";

export function define(command: Command): void {
  addSettingOptions(command)
    .addHelpText("after", help)
    .action(() => serve(readSettings(command)));
}

const help = `
Every setting is an option here, a variable, and a key of runyard.yaml; the first of these that is given counts.

Ctrl-C stops the yard and all it runs. SIGTERM stops the control plane alone: what it runs goes on, and the next \`runyard serve\` finds it
again (with --stop-host SIGTERM is as Ctrl-C). A second signal ends the process at once.

Examples:
  $ runyard serve
  $ runyard serve --listen 127.0.0.1:7700,https://0.0.0.0:6060 --data /srv/runyard
  $ runyard serve --database-url postgres://runyard@db.example/runyard`;

async function serve(config: Config): Promise<void> {
  using stop = onStopRequest();
  await using yard = await openYard(config, { launcher });
  flushCompileCache(); // it is written at the end of the process otherwise, and this one may well be killed
  using _rest = giveBackAtRest();
  console.log(welcome(yard, config));
  const signal = await Promise.race([stop.received, yard.stopRequested.then(() => "SIGTERM" as const)]);
  const stopsHost = signal === "SIGINT" || config.stopHost;
  console.log(
    stopsHost
      ? "\nStopping the yard and all it runs; again to end at once."
      : "Stopping the control plane; what it runs goes on.",
  );
  if (stopsHost) await yard.stopHost();
}

/** What a newcomer needs to know, and what to try first. */
function welcome({ urls, adminPassword }: Yard, { data }: Config): string {
  const [url] = urls;
  // Under `npm start` nobody has installed the command: npx finds that of the checkout.
  const runyard = process.env.npm_lifecycle_event === "start" ? "npx runyard" : "runyard";
  const secret = adminPassword ?? "PASSWORD";
  return `
Runyard ${packageVersion()} is ready.

  yard      ${urls.join("  ")}
  data      ${data}${adminPassword === undefined ? "" : `\n  login     admin, password ${adminPassword}  (made up now, and shown only this once)`}

Try in a second terminal:

  ${runyard} run -- sh -c 'echo hello; exit 3'
  curl -X POST -u 'admin:${secret}' ${url}/appmesh/login
  ${runyard} run --help

Ctrl-C stops the yard and all it runs.
`;
}
