/** `runyard container stats` */
import type { Command } from "commander";
import { type ContainerSeen, findContainer, listContainers } from "../../client/fleet-containers.ts";
import { chooseHost, type HostChoice } from "../../client/fleet-hosts.ts";
import type { HostAway } from "../../client/fleet-rows.ts";
import { type UsageSeen, watchUsage } from "../../client/fleet-stats.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { isYardError } from "../../platform/errors.ts";
import { type Column, tableLines } from "../app/table.ts";
import { bytesText, percentText } from "../app/text.ts";
import { exitCodes } from "../exit-codes.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { nameOf } from "../fleet/listed.ts";
import { redrawn } from "../fleet/redrawn.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard, notice } from "../yard-options.ts";

interface StatsOptions extends FleetFlags {
  once?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("[container...]", "their names, ids, or beginnings of ids; without any, all that run")
    .option(
      "--once",
      "measure once in place of going on until Ctrl-C; so it is, too, where standard output is no terminal",
    )
    .option("--json", "measure once, and print an array")
    .addHelpText("after", help)
    .action(async (called: readonly string[], options: StatsOptions) => {
      process.exitCode = await stats(called, options);
    });
}

const help = `
CPU is of one core: two that are busy are 200%. What came and went over networks and disks counts from the container's start.

Examples:
  $ runyard container stats
  $ runyard container stats --once --host all
  $ runyard container stats --json web | jq '.[].mem_used'`;

interface Measured {
  readonly container: ContainerSeen;
  readonly usage: UsageSeen;
}

function stats(called: readonly string[], { host, once, json, ...flags }: StatsOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const choice = await chooseHost(client, host);
      const { containers, away } = await wanted(client, choice, called);
      for (const one of away) notice(`${inert(one.host.name)} is not measured: ${inert(one.reason)}`);
      const code = away.length === 0 ? exitCodes.ok : exitCodes.failure;
      if (containers.length === 0) console.error("No container runs.");
      else if (once || json || !process.stdout.isTTY) {
        const measured = await Promise.all(containers.map((container) => measure(client, container, signal)));
        const there = measured.filter((one) => one !== undefined);
        print(there, { json, choice });
        return there.length < containers.length ? exitCodes.failure : code;
      } else await watch(client, containers, choice, signal);
      return code;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function wanted(
  client: YardClient,
  choice: HostChoice,
  called: readonly string[],
): Promise<{ containers: readonly ContainerSeen[]; away: readonly HostAway[] }> {
  if (called.length === 0) return listContainers(client, choice, { all: false });
  return { containers: await Promise.all(called.map((one) => findContainer(client, choice, one))), away: [] };
}

/** The first report of an engine has nothing to compare with: the second counts. */
async function measure(
  client: YardClient,
  container: ContainerSeen,
  signal: AbortSignal,
): Promise<Measured | undefined> {
  let usage: UsageSeen | undefined;
  let reports = 0;
  try {
    for await (usage of watchUsage(client, container, signal)) if (++reports === 2) break;
  } catch (error) {
    if (!isYardError(error)) throw error;
    notice(`${nameOf(container)}: ${error.message}`);
  }
  signal.throwIfAborted();
  return usage && { container, usage };
}

function print(measured: readonly Measured[], { json, choice }: { json?: boolean; choice: HostChoice }): void {
  const lines = json ? [JSON.stringify(measured.map(objectOf))] : linesOf(measured, choice);
  for (const line of lines) console.log(line);
}

function objectOf({ container: { id, names, host }, usage }: Measured): object {
  return { container_id: id, name: names[0] ?? id, host_id: host.id, host_name: host.name, ...usage.json };
}

/** Until all have ended. */
async function watch(
  client: YardClient,
  containers: readonly ContainerSeen[],
  choice: HostChoice,
  signal: AbortSignal,
): Promise<void> {
  const latest = new Map<ContainerSeen, UsageSeen>();
  using screen = redrawn(process.stdout);
  const draw = () => {
    const measured = containers.flatMap((container) => {
      const usage = latest.get(container);
      return usage ? [{ container, usage }] : [];
    });
    screen.draw(linesOf(measured, choice));
  };
  await Promise.all(
    containers.map(async (container) => {
      for await (const usage of watchUsage(client, container, signal)) {
        latest.set(container, usage);
        draw();
      }
      latest.delete(container);
      draw();
    }),
  );
  signal.throwIfAborted();
}

function linesOf(measured: readonly Measured[], choice: HostChoice): string[] {
  const shown = choice === "all" ? [...columns, hostColumn] : columns;
  return tableLines(measured, shown, process.stdout.columns || Number.POSITIVE_INFINITY);
}

const right = { alignRight: true };
const columns: readonly Column<Measured>[] = [
  { heading: "NAME", cell: ({ container }) => nameOf(container) },
  { heading: "CPU", cell: ({ usage }) => percentText(usage.cpuPercent), ...right },
  { heading: "MEMORY", cell: ({ usage }) => bytesText(usage.memoryBytes), ...right },
  { heading: "OF", cell: ({ usage }) => bytesText(usage.memoryLimitBytes), ...right, dispensable: 3 },
  { heading: "NET IN", cell: ({ usage }) => bytesText(usage.receivedBytes), ...right, dispensable: 1 },
  { heading: "OUT", cell: ({ usage }) => bytesText(usage.sentBytes), ...right, dispensable: 1 },
  { heading: "DISK READ", cell: ({ usage }) => bytesText(usage.readBytes), ...right, dispensable: 2 },
  { heading: "WRITTEN", cell: ({ usage }) => bytesText(usage.writtenBytes), ...right, dispensable: 2 },
  { heading: "PROCESSES", cell: ({ usage }) => String(usage.processes), ...right, dispensable: 4 },
];
const hostColumn: Column<Measured> = { heading: "HOST", cell: ({ container }) => container.host.name };
