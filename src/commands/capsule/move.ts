/** `runyard capsule move` */
import type { Command } from "commander";
import { findCapsule, moveCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it; it is paused or hibernated")
    .argument("<host>", "the id or the name of the host to take it to")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(move);
}

const help = `
Its disk and its memory are sent: when it is resumed, what ran in it goes on there. If that fails, it is where it was. Only capsules that are virtual machines can be
moved, and one with memory only to a host with the same processor and the same QEMU. It stays paused.

Example:
  $ runyard capsule pause "$ID" && runyard capsule move "$ID" rig && runyard capsule resume "$ID"`;

async function move(called: string, host: string, { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const id = await findCapsule(client, called);
  const moved = await moveCapsule(client, id, host);
  console.log(json ? JSON.stringify(moved.json) : `${id} is on ${inert(moved.host)}.`);
}
