/** The hosts whose Docker engines the yard reaches, each with a client of its own: one that hangs costs nobody else anything. */

import { type Engine, type EngineOptions, openEngine } from "../platform/docker/engine.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { withRefusals } from "./engine-refusals.ts";
import type { HostFiles } from "./host-files.ts";
import { within } from "./within.ts";

/** Which hosts somebody may reach: with tags, those that share one; without any, all. */
export interface Reach {
  readonly hostTags: readonly string[];
}

/** What the room is told of a host. */
export interface EngineSource {
  readonly id: string;
  readonly name: string;
  /** The control plane runs on it. */
  readonly isLocal: boolean;
  readonly tags: readonly string[];
  /** Whether its agent answers. */
  readonly isOnline: boolean;
  readonly engine: EngineOptions;
  /** Absent: its containers see the control plane's own files. */
  readonly files?: HostFiles;
}

export interface DockerHost extends Omit<EngineSource, "engine"> {
  readonly engine: Engine;
}

export interface FanOut<T> {
  readonly answers: readonly { readonly host: DockerHost; readonly answer: T }[];
  /** Within reach, and did not answer: with why. */
  readonly unreachable: readonly { readonly host: DockerHost; readonly error: YardError }[];
}

export interface DockerHosts extends AsyncDisposable {
  /** The local one first, the others by name. */
  list(reach: Reach): readonly DockerHost[];
  /** @param id absent: the local one @throws {YardError} unavailable, for a host that there is not, or whose agent is away; forbidden, beyond reach */
  get(id: string | undefined, reach: Reach): DockerHost;
  /** Asks all within reach at once, each for at most `timeoutMs` (3 s). */
  fanOut<T>(
    reach: Reach,
    ask: (host: DockerHost) => Promise<T>,
    options?: { readonly timeoutMs?: number },
  ): Promise<FanOut<T>>;
}

/** All that is reached without a limit. */
export const everywhere: Reach = { hostTags: [] };

const usualFanOutMs = 3_000;

/** @param sources the hosts that there are now; asked at every call */
export function openDockerHosts(sources: () => readonly EngineSource[]): DockerHosts {
  const engines = new Map<string, Engine>();

  function withEngine({ engine: options, ...facts }: EngineSource): DockerHost {
    const engine = engines.get(facts.id) ?? withRefusals(openEngine(options));
    engines.set(facts.id, engine);
    return { ...facts, engine };
  }

  function list(reach: Reach): readonly DockerHost[] {
    return sources()
      .filter(({ tags }) => isWithin(reach, tags))
      .toSorted((a, b) => Number(b.isLocal) - Number(a.isLocal) || a.name.localeCompare(b.name))
      .map(withEngine);
  }

  return {
    list,
    get(id, reach) {
      const source = sources().find((one) => (id === undefined ? one.isLocal : one.id === id));
      if (!source) throw new YardError("unavailable", "unknown host");
      if (!isWithin(reach, source.tags)) {
        throw new YardError("forbidden", `The host ${source.name} has none of the tags that you are held to.`);
      }
      if (!source.isOnline) throw offline();
      return withEngine(source);
    },
    async fanOut(reach, ask, { timeoutMs = usualFanOutMs } = {}) {
      const asked = await Promise.all(list(reach).map((host) => askOne(host, ask, timeoutMs)));
      return {
        answers: asked.filter((one) => "answer" in one),
        unreachable: asked.filter((one) => "error" in one),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const engine of engines.values()) await engine[Symbol.asyncDispose]();
    },
  };
}

type Asked<T> =
  | { readonly host: DockerHost; readonly answer: T }
  | { readonly host: DockerHost; readonly error: YardError };

async function askOne<T>(
  host: DockerHost,
  ask: (host: DockerHost) => Promise<T>,
  timeoutMs: number,
): Promise<Asked<T>> {
  if (!host.isOnline) return { host, error: offline() };
  const late = () => new YardError("timeout", `The host ${host.name} did not answer within ${timeoutMs} ms.`);
  try {
    return { host, answer: await within(timeoutMs, ask(host), late) };
  } catch (error) {
    return { host, error: isYardError(error) ? error : new YardError("internal", String(error), { cause: error }) };
  }
}

/** Whether it is within reach. */
export function isWithin({ hostTags }: Reach, tags: readonly string[]): boolean {
  return hostTags.length === 0 || hostTags.some((tag) => tags.includes(tag));
}

function offline(): YardError {
  return new YardError("unavailable", "agent offline", { retryAfterMs: 5_000 });
}
