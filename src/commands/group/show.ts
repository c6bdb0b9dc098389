/** `runyard group show` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { type GroupSeen, getGroup } from "../../client/groups.ts";
import { inert } from "../../client/inert.ts";
import { bytesText } from "../app/text.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "the group")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (name: string, { json, ...flags }: YardFlags & { json?: boolean }) => {
      const group = await getGroup(await connectToYard(flags), name);
      if (json) return console.log(JSON.stringify(group.json));
      for (const line of describeGroup(group)) console.log(line);
    });
}

const help = `
Its members are shown to its Admins.

Example:
  $ runyard group show crew`;

/** Lines for a terminal: inert, whatever the names are. What is not set has no line. */
function describeGroup({ name, creator, tasks, workers, storage, members }: GroupSeen): string[] {
  const entries = [
    ["made by", creator],
    ["tasks", String(tasks)],
    ["workers", String(workers)],
    ["storage", `${bytesText(storage.used)} of ${bytesText(storage.quota)}`],
    ["members", members && [...members].map(([user, role]) => `${user} (${role})`).join(", ")],
  ] as const;
  return [
    inert(name),
    ...entries.flatMap(([label, value]) => (value ? [`  ${label.padEnd(7)}  ${inert(value)}`] : [])),
  ];
}
