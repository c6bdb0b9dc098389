/** One container: looked at, started, stopped, removed. */
import type Docker from "dockerode";
import type { Engine } from "../platform/docker/engine.ts";
import { readEngineJson } from "../platform/docker/engine-reply.ts";
import type { DockerHost } from "./docker-hosts.ts";
import { engineLimits, requireAwake, stopLimitMs } from "./engine-limits.ts";
import { isAlreadySo } from "./engine-refusals.ts";
import { requireContainerReference } from "./streams/container-reference.ts";

export type ContainerAction = "start" | "stop" | "restart" | "pause" | "unpause";

type Act = (container: Docker.Container, abortSignal: AbortSignal) => Promise<unknown>;

const acts: Readonly<Record<ContainerAction, Act>> = {
  start: (container, abortSignal) => container.start({ abortSignal }),
  stop: (container, abortSignal) => container.stop({ abortSignal }),
  restart: (container, abortSignal) => container.restart({ abortSignal }),
  pause: (container, abortSignal) => container.pause({ abortSignal }),
  unpause: (container, abortSignal) => container.unpause({ abortSignal }),
};

/** As the engine describes it. @param id an id, the beginning of one, or a name   @throws {YardError} not_found, unavailable */
export function inspectContainer({ engine }: DockerHost, id: string): Promise<unknown> {
  requireContainerReference(id);
  return engine.call("look at the container", (docker, abortSignal) =>
    readEngineJson(docker, `/containers/${id}/json`, { abortSignal }),
  );
}

/** What has been done already is done. @throws {YardError} not_found, conflict, internal (the engine's own failure), unavailable */
export async function controlContainer({ engine }: DockerHost, id: string, action: ContainerAction): Promise<void> {
  requireContainerReference(id);
  const act = acts[action];
  const timeoutMs = await limitOf(engine, id, action);
  try {
    await engine.call(`${action} the container`, (docker, abortSignal) => act(docker.getContainer(id), abortSignal), {
      timeoutMs,
    });
  } catch (error) {
    if (!isAlreadySo(error)) throw error;
  }
}

/** @throws {YardError} unavailable: the engine hangs */
async function limitOf(engine: Engine, id: string, action: ContainerAction): Promise<number> {
  if (action === "stop" || action === "restart") return stopLimitMs(engine, id);
  await requireAwake(engine);
  return engineLimits.startMs;
}

/** @param signal its name or number   @throws {YardError} as controlContainer; invalid */
export async function killContainer({ engine }: DockerHost, id: string, signal: string): Promise<void> {
  requireContainerReference(id);
  await requireAwake(engine);
  await engine.call("kill the container", (docker, abortSignal) =>
    docker.getContainer(id).kill({ signal, abortSignal }),
  );
}

/** @param options.force also one that runs   @throws {YardError} as controlContainer */
export async function removeContainer(
  { engine }: DockerHost,
  id: string,
  { force }: { readonly force: boolean },
): Promise<void> {
  requireContainerReference(id);
  await requireAwake(engine);
  await engine.call(
    "remove the container",
    (docker, abortSignal) => docker.getContainer(id).remove({ force, abortSignal }),
    { timeoutMs: engineLimits.removalMs },
  );
}
