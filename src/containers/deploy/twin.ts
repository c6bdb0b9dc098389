/** The container that a deployment which was killed had asked for: an engine makes what it was asked for also where nobody waits for it any more, and
 *  by then the next deployment may have looked around already. */
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError } from "../../platform/errors.ts";
import { label } from "./labels.ts";

export interface Made {
  readonly id: string;
  /** By name. */
  readonly networks: readonly string[];
}

/** A name is taken a moment before its container can be asked about. */
const mostMs = 5_000;
const lookMs = 50;
const telling = [label.project, label.service, label.number, label.configHash];

/** @returns undefined, if whatever has the name is not what would be made */
export async function findTwin(engine: Engine, request: Docker.ContainerCreateOptions): Promise<Made | undefined> {
  const { name = "", Labels: wanted = {} } = request;
  const until = performance.now() + mostMs;
  for (;;) {
    const found = await inspect(engine, name);
    if (found) {
      const isTwin = telling.every((one) => found.Config.Labels?.[one] === wanted[one]);
      return isTwin ? { id: found.Id, networks: Object.keys(found.NetworkSettings.Networks) } : undefined;
    }
    if (performance.now() > until) return undefined;
    await sleep(lookMs);
  }
}

async function inspect(engine: Engine, name: string): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await engine.call("look at a container", (docker, abortSignal) =>
      docker.getContainer(name).inspect({ abortSignal }),
    );
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  }
}
