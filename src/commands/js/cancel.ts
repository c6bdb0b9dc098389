/** `runyard js cancel` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { cancelExecution } from "../../client/scripts.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<id...>", "the executions")
    .option("--json", "print the ids of those that were cancelled, as an array")
    .addHelpText("after", help)
    .action(cancel);
}

const help = `
A cancelled execution leaves neither memory nor files; what it has printed is kept.

Examples:
  $ runyard js cancel 0f8fad5b-d9cb-469f-a165-70867728950e
  $ runyard js ls --json | jq -r '.[] | select(.status == "running").execution_id' | xargs runyard js cancel`;

async function cancel(ids: string[], { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const { code, done } = await eachApp(ids, async (id) => {
    await cancelExecution(client, id);
    if (!json) console.log(`${inert(id)} is cancelled.`);
    return id;
  });
  if (json) console.log(JSON.stringify(done));
  process.exitCode = code;
}
