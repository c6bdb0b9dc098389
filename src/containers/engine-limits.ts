/** How long an engine is waited for, in milliseconds. One that hangs would do what it was asked for whenever it goes on, long after somebody was told that it has
 *  failed: so before a change it is asked something small, and where it does not answer that, the change is not asked for at all. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Engine } from "../platform/docker/engine.ts";
import { readEngineJson, readEngineText } from "../platform/docker/engine-reply.ts";
import { YardError } from "../platform/errors.ts";

export const engineLimits = {
  /** Of the small question. Engines at their limits have been seen to take seconds. */
  awakeMs: 10_000,
  /** It may wait for a slow disk, and for a network to be set up. */
  startMs: 60_000,
  /** Of a container, which is killed first: engines wait ten seconds for that, and then take its file system apart. */
  removalMs: 60_000,
  /** Of images and volumes, one or all that are unused: files are deleted one by one. */
  clearingMs: 120_000,
} as const;

/** Beyond the time that a container is given to stop: it is killed then, its end waited for, and with a restart it is started again. */
const stopSlackMs = 30_000;
const usualGraceMs = 10_000;
/** Some containers are given hours, or forever: nobody waits that long for an answer. */
const mostGraceMs = 10 * 60_000;

/** @param unlessWrong where the engine does not answer: looks for what is wrong with the request itself, which is told before that
 *  @throws {YardError} unavailable */
export async function requireAwake(engine: Engine, unlessWrong?: () => Promise<unknown>): Promise<void> {
  try {
    await engine.call("answer", (docker, abortSignal) => readEngineText(docker, "/_ping", { abortSignal }), {
      timeoutMs: engineLimits.awakeMs,
    });
  } catch (error) {
    await unlessWrong?.();
    throw error;
  }
}

const Stoppable = Compile(Type.Object({ Config: Type.Object({ StopTimeout: Type.Optional(Type.Number()) }) }));

/** How long stopping a container may take, by its own account. @throws {YardError} not_found, unavailable */
export async function stopLimitMs(engine: Engine, id: string): Promise<number> {
  const found = await engine.call(
    "look at the container",
    (docker, abortSignal) => readEngineJson(docker, `/containers/${id}/json`, { abortSignal }),
    { timeoutMs: engineLimits.awakeMs },
  );
  if (!Stoppable.Check(found))
    throw new YardError("internal", "What the Docker engine says of a container cannot be read.");
  const { StopTimeout: seconds } = found.Config;
  const graceMs = seconds === undefined ? usualGraceMs : seconds < 0 ? mostGraceMs : seconds * 1_000;
  return Math.min(graceMs, mostGraceMs) + stopSlackMs;
}
