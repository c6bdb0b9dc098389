/** `runyard capsule stats` */
import { type Command, Option } from "commander";
import { capsuleMetrics, metricRanges, statsRanges, teamStats } from "../../client/capsule-measures.ts";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { tableLines } from "../app/table.ts";
import { bytesText, percentText } from "../app/text.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface StatsOptions extends YardFlags {
  range?: string;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("[capsule]", "its id, or a part of it; without it: what all capsules of the team reserve")
    .addOption(
      new Option("--range <time>", "over this time back").choices([...new Set([...statsRanges, ...metricRanges])]),
    )
    .option("--json", "print what the API answers: every point of that time")
    .addHelpText("after", help)
    .action(async (called: string | undefined, options: StatsOptions) => {
      const client = await connectToYard(options);
      if (called === undefined) await showTeam(client, options);
      else await showCapsule(client, await findCapsule(client, called), options);
    });
}

const help = `
Of one capsule: what it takes now, on the average of that time, and at most. It runs or is paused.
Times: ${metricRanges.join(", ")} (default: 10m). Of all: ${statsRanges.join(", ")} (default: 1h).

Examples:
  $ runyard capsule stats "$ID"
  $ runyard capsule stats --range 24h --json "$ID" | jq '.points[].cpu_pct'
  $ runyard capsule stats`;

async function showCapsule(client: YardClient, id: string, { range, json }: StatsOptions): Promise<void> {
  const metrics = await capsuleMetrics(client, id, range);
  if (json) return console.log(JSON.stringify(metrics.json));
  const { points } = metrics;
  if (points.length === 0) {
    console.error("Nothing was measured in that time.");
    return;
  }
  const row = (what: string, values: readonly number[], text: (value: number) => string) => ({
    what,
    now: text(values.at(-1) ?? 0),
    mean: text(values.reduce((sum, value) => sum + value, 0) / values.length),
    most: text(values.reduce((most, value) => Math.max(most, value), 0)),
  });
  const column = (name: "now" | "mean" | "most") => ({
    ...{ heading: name.toUpperCase(), alignRight: true },
    cell: (one: ReturnType<typeof row>) => one[name],
  });
  const rows = [
    row(
      "cpu",
      points.map(({ cpuPercent }) => cpuPercent),
      percentText,
    ),
    row(
      "memory",
      points.map(({ memoryBytes }) => memoryBytes),
      bytesText,
    ),
    row(
      "disk",
      points.map(({ diskBytes }) => diskBytes),
      bytesText,
    ),
  ];
  const columns = [
    { heading: "", cell: (one: (typeof rows)[number]) => one.what },
    column("now"),
    column("mean"),
    column("most"),
  ];
  for (const line of tableLines(rows, columns, Number.POSITIVE_INFINITY)) console.log(line);
}

async function showTeam(client: YardClient, { range, json }: StatsOptions): Promise<void> {
  const stats = await teamStats(client, range);
  if (json) return console.log(JSON.stringify(stats.json));
  const { current, peaks } = stats;
  const rows = [
    { what: "running", now: String(current.running), most: String(peaks.running) },
    { what: "vcpus", now: String(current.vcpus), most: String(peaks.vcpus) },
    { what: "memory", now: bytesText(current.memoryMb * 1024 ** 2), most: bytesText(peaks.memoryMb * 1024 ** 2) },
  ];
  type Row = (typeof rows)[number];
  const columns = [
    { heading: "", cell: ({ what }: Row) => what },
    { heading: "NOW", cell: ({ now }: Row) => now, alignRight: true },
    { heading: "30 DAYS", cell: ({ most }: Row) => most, alignRight: true },
  ];
  for (const line of tableLines(rows, columns, Number.POSITIVE_INFINITY)) console.log(line);
}
