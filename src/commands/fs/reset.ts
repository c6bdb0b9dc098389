/** `runyard fs reset` */
import type { Command } from "commander";
import { inert } from "../../client/inert.ts";
import { resetLabel, resolveSnapshot } from "../../client/scripts-fs.ts";
import { connectToYard } from "../yard-options.ts";
import { addMoveOptions, type MoveOptions } from "./move-options.ts";

interface ResetOptions extends MoveOptions {
  unlogged?: boolean;
}

export function define(command: Command): void {
  addMoveOptions(command)
    .argument("<label>", "the label")
    .argument("<snapshot>", "where it has been before, as runyard fs log tells")
    .option("--unlogged", "also to where it has never been")
    .addHelpText("after", help)
    .action(reset);
}

const help = `
The move is one more entry of the label's log, so it can be undone in the same way.

Example:
  $ runyard fs reset site "$(runyard fs log --json --limit 1 site | jq -r '.[0].from')"`;

async function reset(label: string, name: string, options: ResetOptions): Promise<void> {
  const client = await connectToYard(options);
  const snapshot = await resolveSnapshot(client, name);
  const answer = await resetLabel(client, label, { snapshot, unlogged: options.unlogged, message: options.message });
  console.log(options.json ? JSON.stringify(answer) : `${inert(label)} is at ${snapshot}.`);
}
