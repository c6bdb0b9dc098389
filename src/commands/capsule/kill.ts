/** `runyard capsule kill` */
import type { Command } from "commander";
import { killProcess } from "../../client/capsule-processes.ts";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it")
    .argument("<process...>", "their pids or tags, as runyard capsule ps shows them")
    .option("--force", "kill them at once (SIGKILL) in place of asking them to end (SIGTERM)")
    .addHelpText("after", help)
    .action(kill);
}

const help = `
Examples:
  $ runyard capsule kill "$ID" server
  $ runyard capsule kill --force "$ID" 17`;

async function kill(
  called: string,
  selectors: readonly string[],
  { force, ...flags }: YardFlags & { force?: boolean },
): Promise<void> {
  const client = await connectToYard(flags);
  const id = await findCapsule(client, called);
  const { code } = await eachApp(selectors, async (selector) => {
    await killProcess(client, id, selector, force ? "SIGKILL" : "SIGTERM");
    console.log(`${inert(selector)} ${force ? "is killed" : "is asked to end"}.`);
  });
  process.exitCode = code;
}
