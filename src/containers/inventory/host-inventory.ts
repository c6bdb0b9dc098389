/** The inventory of one host's engine: its event stream, opened again whenever it ends, and the rows that it keeps up to date. */
import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../platform/backoff.ts";
import type { Engine } from "../../platform/docker/engine.ts";
import { YardError } from "../../platform/errors.ts";
import { within } from "../within.ts";
import { type ContainerRow, isUp, listContainerRows } from "./container-row.ts";
import { changeOf, type DockerEvent } from "./docker-event.ts";
import { createEngineClock } from "./engine-clock.ts";
import { createEventFeed } from "./event-feed.ts";
import { createKeptRows } from "./kept-rows.ts";
import { createSharedRun } from "./shared-run.ts";

export interface HostInventory extends AsyncDisposable {
  /** As the engine would list them at a moment after the call. @throws {YardError} unavailable */
  containers(options: { readonly all: boolean }): Promise<readonly ContainerRow[]>;
  /** Whether it follows the engine's events now. */
  readonly isLive: boolean;
}

const reopening = { baseMs: 200, maxMs: 5_000 };

export interface HostInventoryParts {
  readonly engine: Engine;
  /** It is on this machine. */
  readonly isOurs: boolean;
  /** For what somebody waits for. */
  readonly timeoutMs: number;
  tell(event: DockerEvent): void;
}

export function openHostInventory({ engine, isOurs, timeoutMs, tell }: HostInventoryParts): HostInventory {
  const clock = createEngineClock(engine, isOurs);
  const rows = createKeptRows(engine, clock);
  const feed = createEventFeed({
    ...{ engine, clock, timeoutMs },
    tell(event) {
      rows.note(changeOf(event));
      tell(event);
    },
  });
  const closing = new AbortController();
  let isLive = false;

  async function keepFollowing(): Promise<void> {
    for (let failures = 1; !closing.signal.aborted; failures++) {
      const opened = () => {
        failures = 0;
        isLive = true;
        rows.forget(); // an engine that was started anew remembers nothing of what happened meanwhile
      };
      await feed.follow(closing.signal, opened).catch(() => {}); // whatever it was: those who ask are told by their own call
      isLive = false;
      clock.distrust();
      await sleep(backoffMs(failures + 2, reopening), undefined, { signal: closing.signal }).catch(() => {});
    }
  }
  const following = keepFollowing();

  /** Of a list that stays the same object, its part does, too. */
  const upOf = new WeakMap<readonly ContainerRow[], readonly ContainerRow[]>();
  function onlyUp(listed: readonly ContainerRow[]): readonly ContainerRow[] {
    const up = upOf.get(listed) ?? listed.filter(isUp);
    upOf.set(listed, up);
    return up;
  }

  const listNow = createSharedRun(() => listContainerRows(engine, { timeoutMs }));

  const hangs = () =>
    new YardError("unavailable", `The Docker engine did not answer within ${timeoutMs} ms.`, { retryAfterMs: 5_000 });

  async function rowsNow(): Promise<readonly ContainerRow[]> {
    if (isLive) {
      if (!(await feed.catchUp())) rows.forget();
      const kept = isLive ? rows.current() : undefined;
      if (kept) return kept;
    }
    return listNow();
  }

  return {
    get isLive() {
      return isLive;
    },
    async containers({ all }) {
      const now = await within(timeoutMs, rowsNow(), hangs); // however many answers of the engine it takes
      return all ? now : onlyUp(now);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      rows[Symbol.dispose]();
      await following;
    },
  };
}
