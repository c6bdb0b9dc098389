/** `runyard capsule show` */
import type { Command } from "commander";
import { type CapsuleSeen, findCapsule, getCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { bytesText, durationText, timeText } from "../app/text.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it; of one that has ended, the whole id")
    .option("--json", "print what the API answers")
    .addHelpText("after", '\nExample:\n  $ runyard capsule show "$ID"')
    .action(show);
}

async function show(called: string, { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const capsule = await getCapsule(client, await findCapsule(client, called));
  if (json) return console.log(JSON.stringify(capsule.json));
  for (const line of describeCapsule(capsule)) console.log(line);
}

/** As the API names what a pause keeps. */
const kept: Readonly<Record<string, string>> = {
  "memory-on-disk": "all of it",
  "memory-in-place": "all of it; the memory until its host restarts",
  files: "its files alone",
};

/** Lines for a terminal: inert, whatever the texts are. What is not known has no line. */
function describeCapsule(capsule: CapsuleSeen): string[] {
  const { id, createdAt, lastUsedAt, pauseKeeps, idleSeconds } = capsule;
  const entries = [
    ["state", capsule.status],
    ["because", capsule.reason],
    ["template", capsule.template],
    ["vcpus", String(capsule.vcpus)],
    ["memory", bytesText(capsule.memoryMb * 1024 ** 2)],
    ["runs in", capsule.driver],
    ["made", timeText(createdAt)],
    ["used", lastUsedAt && timeText(lastUsedAt)],
    ["pauses", idleSeconds > 0 ? `after ${durationText(idleSeconds * 1_000)} without use` : "when it is told to"],
    ["a pause keeps", pauseKeeps && (kept[pauseKeeps] ?? pauseKeeps)],
  ] as const;
  return [inert(id), ...entries.flatMap(([label, value]) => (value ? [`  ${label.padEnd(13)}  ${inert(value)}`] : []))];
}
