/** One look at the containers of a host. */
import { readEngineJson } from "../../platform/docker/engine-reply.ts";
import { createSlots } from "../../platform/slots.ts";
import type { DockerHost } from "../docker-hosts.ts";
import { listContainerRows } from "../inventory/container-row.ts";
import { isContainerReference } from "../streams/container-reference.ts";
import { type ContainerUsage, readStats, type StatsReport, usageOf } from "./usage.ts";

/** What there is, and what those that run use. */
export interface Look {
  readonly hostId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly containers: readonly { readonly name: string; readonly isRunning: boolean }[];
  /** By their names. Not of those that run since the last look: for CPU time it takes two. */
  readonly usages: ReadonlyMap<string, ContainerUsage>;
}

export interface Sampler {
  /** @throws {YardError} as Engine.call, where the engine does not tell what there is; a container that cannot be looked at is left out */
  look(host: DockerHost, at: number): Promise<Look>;
  /** Of hosts that are no more. */
  forgetOthers(hostIds: ReadonlySet<string>): void;
}

/** Questions to one engine at a time: it answers people, too. */
const mostAsked = 4;
const callMs = 10_000;
/** As many as an engine is expected to have; what is beyond is not looked at. */
const mostContainers = 2_000;

export function createSampler(): Sampler {
  /** The last report of each container that runs, by its id, for each host. */
  const reports = new Map<string, ReadonlyMap<string, StatsReport>>();

  return {
    async look(host, at) {
      const rows = await listContainerRows(host.engine, { timeoutMs: callMs });
      const containers = rows.slice(0, mostContainers).flatMap(({ Id: id, Names, State }) => {
        const name = nameOf(Names);
        return name === undefined ? [] : [{ id, name, isRunning: State === "running" || State === "paused" }];
      });
      const running = containers.filter(({ isRunning }) => isRunning);
      const before = reports.get(host.id);
      const now = await readReports(
        host,
        running.map(({ id }) => id),
      );
      reports.set(host.id, now);
      const usages = new Map<string, ContainerUsage>();
      for (const { id, name } of running) {
        const [earlier, report] = [before?.get(id), now.get(id)];
        if (earlier && report) usages.set(name, usageOf(report, earlier));
      }
      return { hostId: host.id, at, containers, usages };
    },
    forgetOthers(hostIds) {
      for (const hostId of reports.keys()) if (!hostIds.has(hostId)) reports.delete(hostId);
    },
  };
}

async function readReports({ engine }: DockerHost, ids: readonly string[]): Promise<ReadonlyMap<string, StatsReport>> {
  const withSlot = createSlots(mostAsked);
  const found = new Map<string, StatsReport>();
  const read = async (id: string) => {
    try {
      const query = { stream: false, "one-shot": true };
      const answer = await engine.call(
        "look at a container",
        (docker, abortSignal) => readEngineJson(docker, `/containers/${id}/stats`, { query, abortSignal }),
        { timeoutMs: callMs },
      );
      const report = readStats(answer);
      if (report) found.set(id, report);
    } catch {
      // It has ended meanwhile; or the engine is gone, which the next look tells.
    }
  };
  await Promise.all(ids.map((id) => withSlot(() => read(id))));
  return found;
}

/** Without the slash that engines put before it. Those with one within are links to the container, by which others know it. What an engine could not have
 *  called it is no name. */
function nameOf(names: readonly string[]): string | undefined {
  return names.map((name) => name.replace(/^\//, "")).find(isContainerReference);
}
