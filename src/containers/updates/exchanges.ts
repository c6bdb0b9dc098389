/** Exchanges of containers, each with its intent in the journal; and the clearing up after those that somebody was broken off in: at once where the yard lives
 *  on, by the next yard where it has died, later where the engine was away. */
import type Docker from "dockerode";
import type { Clock } from "../../platform/clock.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import type { WithName } from "../../platform/name-lock.ts";
import { every } from "../../platform/timers.ts";
import { type DockerHost, type DockerHosts, everywhere } from "../docker-hosts.ts";
import type { Exchange, ExchangeJournal, NewExchange } from "./exchange-journal.ts";
import { makeSuccessor, settle, takePlace } from "./replace-container.ts";
import { untagImage } from "./tags.ts";
import type { ContainerPlace } from "./update-history.ts";

export interface Exchanges extends AsyncDisposable {
  /** To be called by whoever has the turn with the container's name (`turnOf`). @returns the id of the new container, which runs if the old one did
   *  @throws {YardError} conflict (an earlier one is not cleared up yet); whatever the engine refuses: then the old one is as it was */
  replace(host: DockerHost, old: Docker.ContainerInspectInfo, change: Change): Promise<string>;
  /** Clears up what was broken off on a host, as far as the engine lets it. */
  clearUp(host: DockerHost): Promise<void>;
}

export interface Change {
  readonly place: ContainerPlace;
  /** A reference that the engine has once `prepare` is done. */
  readonly image: string;
  /** Writes the intent down. */
  begin(exchange: NewExchange): Promise<Exchange>;
  prepare(): Promise<void>;
}

export interface ExchangeParts {
  readonly journal: ExchangeJournal;
  readonly hosts: Pick<DockerHosts, "list">;
  readonly withName: WithName;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn">;
  /** This yard. */
  readonly self: string;
  /** Whether another yard still does what it has begun. */
  isLive(yard: string): Promise<boolean>;
  readonly sweepMs?: number;
}

const usualSweepMs = 30_000;

/** A container's name on its host, for whoever takes turns with it. */
export function turnOf({ hostId, containerName }: ContainerPlace): string {
  return `${hostId} ${containerName}`;
}

export function openExchanges(parts: ExchangeParts): Exchanges {
  const { journal, hosts, withName, clock, log, self, isLive, sweepMs = usualSweepMs } = parts;
  const underWay = new Set<string>();

  /** @returns whether the new one is there */
  async function conclude(host: DockerHost, exchange: Exchange): Promise<boolean> {
    const outcome = await settle(host.engine, exchange);
    if (outcome === "replaced") await journal.complete(exchange, clock.now());
    else await journal.abandon(exchange);
    if (outcome === "kept" && !exchange.isRollback) await untagImage(host, exchange.keptAs);
    return outcome === "replaced";
  }

  /** After a failure. @returns the new container's id, where that has its place all the same */
  async function concludeAnyway(host: DockerHost, exchange: Exchange): Promise<string | undefined> {
    try {
      return (await conclude(host, exchange)) ? (exchange.newContainerId ?? undefined) : undefined;
    } catch (error) {
      const about = { host: host.name, container: exchange.containerName, err: error };
      log.warn(about, "a container's update has failed, and cannot be cleared up yet");
      return undefined;
    }
  }

  async function clearUpOne(host: DockerHost, exchange: Exchange): Promise<void> {
    const about = { host: host.name, container: exchange.containerName };
    try {
      const isReplaced = await conclude(host, exchange);
      const what = exchange.isRollback ? "rollback" : "update";
      log.info(about, `a container's ${what} was broken off: ${isReplaced ? "it is done now" : "the old one is back"}`);
    } catch (error) {
      if (isYardError(error, "unavailable")) return; // its engine is away: later
      log.warn({ ...about, err: error }, "a container's update was broken off, and cannot be cleared up yet");
    }
  }

  async function isAbandoned({ id, holder }: Exchange): Promise<boolean> {
    return !underWay.has(id) && (holder === self || !(await isLive(holder)));
  }

  async function clearUp(host: DockerHost): Promise<void> {
    for (const exchange of (await journal.list()).filter(({ hostId }) => hostId === host.id)) {
      if (!(await isAbandoned(exchange))) continue;
      await withName(turnOf(exchange), async () => {
        const isLeft = (await journal.list()).some(({ id }) => id === exchange.id); // somebody may have been quicker
        if (isLeft && (await isAbandoned(exchange))) await clearUpOne(host, exchange);
      });
    }
  }

  async function sweep(): Promise<void> {
    try {
      const left = new Set((await journal.list()).map(({ hostId }) => hostId));
      if (left.size === 0) return;
      const reached = hosts.list(everywhere).filter(({ id, isOnline }) => isOnline && left.has(id));
      await Promise.all(reached.map(clearUp));
    } catch (error) {
      log.warn({ err: error }, "updates of containers that were broken off could not be looked for");
    }
  }

  async function refuseWhileLeft({ hostId, containerName }: ContainerPlace): Promise<void> {
    const isLeft = (await journal.list()).some((one) => one.hostId === hostId && one.containerName === containerName);
    if (!isLeft) return;
    const message = `An earlier update of the container ${containerName} was broken off and is not cleared up yet: try again in a minute.`;
    throw new YardError("conflict", message);
  }

  const first = sweep();
  const timer = every(sweepMs, sweep);
  return {
    clearUp,
    async replace(host, old, { place, image, begin, prepare }) {
      await refuseWhileLeft(place);
      let exchange = await begin({ ...place, holder: self, oldContainerId: old.Id, wasRunning: old.State.Running });
      underWay.add(exchange.id);
      try {
        await prepare();
        const newContainerId = await makeSuccessor(host.engine, old, { exchange, image });
        exchange = await journal.noteNew(exchange, newContainerId);
        await takePlace(host.engine, exchange, newContainerId);
        if (!(await conclude(host, exchange))) throw changedMeanwhile(place);
        return newContainerId;
      } catch (error) {
        const newContainerId = await concludeAnyway(host, exchange);
        if (newContainerId === undefined) throw error;
        return newContainerId;
      } finally {
        underWay.delete(exchange.id);
      }
    },
    async [Symbol.asyncDispose]() {
      await timer[Symbol.asyncDispose]();
      await first;
    },
  };
}

function changedMeanwhile({ containerName }: ContainerPlace): YardError {
  return new YardError("conflict", `The container ${containerName} was changed by somebody else meanwhile.`);
}
