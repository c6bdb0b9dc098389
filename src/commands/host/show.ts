/** `runyard host show` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { capsulesOnHost, findHost, type HostSeen } from "../../client/hosts.ts";
import { inert } from "../../client/inert.ts";
import { bytesText } from "../app/text.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<host>", "its id or name")
    .option("--json", "print what the API answers")
    .addHelpText("after", "\nExample:\n  $ runyard host show rig")
    .action(show);
}

async function show(called: string, { json, ...flags }: YardFlags & { json?: boolean }): Promise<void> {
  const client = await connectToYard(flags);
  const host = await findHost(client, called);
  if (json) return console.log(JSON.stringify(host.json));
  for (const line of describeHost(host, await capsulesOnHost(client, host.id))) console.log(line);
}

/** Lines for a terminal: inert, whatever the names are. What is not known has no line. */
function describeHost(host: HostSeen, capsules: readonly string[]): string[] {
  const { cpuCores, memoryMb, diskGb } = host;
  const entries = [
    ["id", host.id],
    ["state", host.status],
    ["of", host.type === "regular" ? "all" : host.team],
    ["heard", host.lastHeardAt?.toISOString()],
    ["address", host.address],
    ["machine", host.arch],
    ["cores", cpuCores?.toString()],
    ["memory", memoryMb === undefined ? undefined : bytesText(memoryMb * 1024 ** 2)],
    ["disk", diskGb === undefined ? undefined : bytesText(diskGb * 1024 ** 3)],
    ["provider", host.provider],
    ["zone", host.zone],
    ["tags", host.tags.join(", ")],
    ["capsules", capsules.join(", ")],
  ] as const;
  return [
    inert(host.name),
    ...entries.flatMap(([label, value]) => (value ? [`  ${label.padEnd(8)}  ${inert(value)}`] : [])),
  ];
}
