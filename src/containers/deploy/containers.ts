/** Single steps with single containers. Each may be done again: what is already so stays so. */
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError } from "../../platform/errors.ts";
import type { ServiceSpec } from "../compose/project.ts";
import { engineLimits, stopLimitMs } from "../engine-limits.ts";
import { isAlreadySo } from "../engine-refusals.ts";
import { asRefusal } from "./refusals.ts";
import type { Step } from "./steps.ts";

export interface ContainerName {
  readonly id: string;
  /** As steps tell of it. */
  readonly name: string;
}

export interface Containers {
  /** @throws {YardError} precondition, for what the engine refuses of the file */
  start(container: ContainerName, service: ServiceSpec): Promise<void>;
  /** Gives it the time that it asks for. Absent is fine. */
  stop(container: ContainerName): Promise<void>;
  /** With force; absent is fine. Its volumes stay. */
  remove(container: ContainerName): Promise<void>;
  rename(container: ContainerName, name: string): Promise<void>;
  unpause(container: ContainerName): Promise<void>;
}

export function createContainers(engine: Engine, step: Step): Containers {
  /** Does what may have been done already. */
  async function settled(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isYardError(error, "not_found") && !isAlreadySo(error) && !isOnItsWay(error)) throw error;
    }
  }

  async function start(id: string, { name }: ServiceSpec): Promise<void> {
    try {
      await engine.call("start a container", (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }), {
        timeoutMs: engineLimits.startMs,
      });
    } catch (error) {
      if (!isAlreadySo(error)) throw asRefusal(error, `services.${name}`);
    }
  }

  async function stop(id: string): Promise<void> {
    const timeoutMs = await stopLimitMs(engine, id);
    await engine.call("stop a container", (docker, abortSignal) => docker.getContainer(id).stop({ abortSignal }), {
      timeoutMs,
    });
  }

  async function remove(id: string): Promise<void> {
    await engine.call(
      "remove a container",
      (docker, abortSignal) => docker.getContainer(id).remove({ force: true, abortSignal }),
      { timeoutMs: engineLimits.removalMs },
    );
  }

  return {
    start: ({ id, name }, service) => step(`start container ${name}`, () => start(id, service)),
    stop: ({ id, name }) => step(`stop container ${name}`, () => settled(() => stop(id))),
    remove: ({ id, name }) => step(`remove container ${name}`, () => settled(() => remove(id))),
    rename: ({ id, name: before }, name) =>
      step(`rename container ${before} to ${name}`, () =>
        engine.call("rename a container", (docker, abortSignal) =>
          docker.getContainer(id).rename({ name, abortSignal }),
        ),
      ),
    unpause: ({ id, name }) =>
      step(`unpause container ${name}`, () =>
        engine.call("unpause a container", (docker, abortSignal) => docker.getContainer(id).unpause({ abortSignal })),
      ),
  };
}

/** Somebody else removes it at this moment. */
function isOnItsWay(error: unknown): boolean {
  return isYardError(error, "conflict") && /removal of container .* is already in progress/i.test(error.message);
}
