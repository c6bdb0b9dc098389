/** Looks at all containers that run, about every 30 seconds, and remembers what they use. */
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import { every } from "../../platform/timers.ts";
import { type DockerHost, type DockerHosts, everywhere } from "../docker-hosts.ts";
import { requireContainerReference } from "../streams/container-reference.ts";
import { createSampler } from "./sample.ts";
import { createMetricStore, type MetricPoint, type Resolution } from "./store.ts";

export interface ContainerMetrics extends AsyncDisposable {
  /** Of a container that there is, or was, by its id or name. Oldest first.
   *  @param range in milliseconds since 1970 @throws {YardError} not_found; as Engine.call, where the engine has to be asked what it is */
  of(
    host: DockerHost,
    container: string,
    range: { readonly from: number; readonly to: number; readonly resolution: Resolution },
  ): Promise<readonly MetricPoint[]>;
}

export interface ContainerMetricsParts {
  readonly database: Database;
  readonly hosts: Pick<DockerHosts, "list">;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  readonly sampleMs?: number;
}

export const usualSampleMs = 30_000;
/** Looks between two times of tidying up. */
const pruneEvery = 20;

export function openContainerMetrics(parts: ContainerMetricsParts): ContainerMetrics {
  const { database, hosts, clock, log, sampleMs = usualSampleMs } = parts;
  const store = createMetricStore({ database });
  const sampler = createSampler();
  let round = 0;

  async function lookAt(host: DockerHost): Promise<void> {
    try {
      await store.add(await sampler.look(host, clock.now()));
    } catch (error) {
      if (isYardError(error, "unavailable")) return; // no engine there, or none that answers: nothing is known of that time
      log.warn({ err: error, host: host.name }, "what containers use could not be written down");
    }
  }

  async function lookAtAll(): Promise<void> {
    try {
      const known = hosts.list(everywhere);
      const ids = known.map(({ id }) => id);
      await Promise.all(known.filter(({ isOnline }) => isOnline).map(lookAt));
      await store.condense(clock.now());
      if (round++ % pruneEvery > 0) return;
      sampler.forgetOthers(new Set(ids));
      await store.prune(clock.now(), ids);
    } catch (error) {
      log.warn({ err: error }, "what containers use could not be looked after");
    }
  }

  async function nameOf(host: DockerHost, container: string): Promise<string> {
    requireContainerReference(container);
    if (await store.knows({ hostId: host.id, name: container })) return container;
    const { Name } = await host.engine.call(`find ${container}`, (docker, abortSignal) =>
      docker.getContainer(container).inspect({ abortSignal }),
    );
    return Name.replace(/^\//, "");
  }

  const timer = every(sampleMs, lookAtAll);
  return {
    async of(host, container, { from, to, resolution }) {
      if (from > to) throw new YardError("invalid", "is later than `to`", { field: "from" });
      return store.read({ hostId: host.id, name: await nameOf(host, container) }, { from, to, resolution });
    },
    [Symbol.asyncDispose]: () => timer[Symbol.asyncDispose](),
  };
}
