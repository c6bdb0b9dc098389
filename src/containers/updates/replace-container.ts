/** Puts a new container in another one's place, in steps that can be broken off after each:
 *
 *  | after | there are |
 *  | --- | --- |
 *  | `makeSuccessor` | NAME, and NAME.next-… that has never run |
 *  | `takePlace` | NAME.before-… stopped, and NAME, the new one, running |
 *  | `settle` | NAME alone |
 *
 *  From wherever it was broken off, `settle` goes on, if the new one has ever run under its name, and else back. */
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { engineLimits, stopLimitMs } from "../engine-limits.ts";
import { isAlreadySo } from "../engine-refusals.ts";
import type { Exchange } from "./exchange-journal.ts";
import { identicalContainer } from "./identical-container.ts";

type Inspected = Docker.ContainerInspectInfo;

/** When a container was started that never was. */
const never = /^0001-/;

/** As the container is called, also where an exchange was broken off. */
export function nameOfContainer({ Name }: Pick<Inspected, "Name">): string {
  return Name.replace(/^\//, "").replace(/\.(?:next|before)-[0-9a-z]{26}$/, "");
}

/** Names that nobody else gives. */
function passingNames({ id, containerName }: Exchange) {
  const suffix = id.slice(id.indexOf("_") + 1);
  return { next: `${containerName}.next-${suffix}`, before: `${containerName}.before-${suffix}` };
}

/** @param image a reference that the engine has   @returns the id of the new container, beside the old one, which is as it was
 *  @throws {YardError} precondition (the old one would be removed by stopping it); whatever the engine refuses */
export async function makeSuccessor(
  engine: Engine,
  old: Inspected,
  { exchange, image }: { readonly exchange: Exchange; readonly image: string },
): Promise<string> {
  if (old.HostConfig.AutoRemove) {
    throw new YardError("precondition", "The container is one that goes when it stops: make a new one in its place.");
  }
  const { Config } = await engine.call("look at the image", (docker) => docker.getImage(old.Image).inspect());
  const { options, further } = identicalContainer(old, { Config }, image);
  const { id } = await engine.call("make the new container", (docker, abortSignal) =>
    docker.createContainer({ ...options, name: passingNames(exchange).next, abortSignal }),
  );
  for (const { network, config } of further) {
    await engine.call("put the new container on its networks", (docker) =>
      docker.getNetwork(network).connect({ Container: id, EndpointConfig: config }),
    );
  }
  return id;
}

/** Exchanges the two. @throws {YardError} whatever the engine refuses; `settle` then says who is there */
export async function takePlace(engine: Engine, exchange: Exchange, newContainerId: string): Promise<void> {
  const { oldContainerId, containerName, wasRunning } = exchange;
  const timeoutMs = await stopLimitMs(engine, oldContainerId);
  await engine
    .call(
      "stop the old container",
      (docker, abortSignal) => docker.getContainer(oldContainerId).stop({ abortSignal }),
      { timeoutMs },
    )
    .catch(unlessAlreadySo);
  await rename(engine, oldContainerId, passingNames(exchange).before);
  await rename(engine, newContainerId, containerName);
  if (wasRunning) await start(engine, newContainerId);
}

/** Leaves one container under the name: the new one if it has taken its place, and else the old one as it was.
 *  @throws {YardError} whatever the engine refuses: it can be called again */
export async function settle(engine: Engine, exchange: Exchange): Promise<"replaced" | "kept"> {
  const { oldContainerId, newContainerId, containerName, wasRunning } = exchange;
  const old = await find(engine, oldContainerId);
  const next = newContainerId === null ? undefined : await find(engine, newContainerId);
  if (next && (!old || hasTakenPlace(next, exchange))) {
    if (old) await remove(engine, old.Id);
    await putUnderName(engine, next, containerName);
    if (wasRunning && !hasEverRun(next)) await start(engine, next.Id);
    return "replaced";
  }
  await remove(engine, newContainerId ?? passingNames(exchange).next);
  if (old) await putUnderName(engine, old, containerName);
  if (old && wasRunning && !old.State.Running) await start(engine, old.Id);
  return "kept";
}

function hasTakenPlace(next: Inspected, { containerName, wasRunning }: Exchange): boolean {
  return next.Name === `/${containerName}` && (hasEverRun(next) || !wasRunning);
}

function hasEverRun({ State }: Inspected): boolean {
  return !never.test(State.StartedAt);
}

async function putUnderName(engine: Engine, { Id, Name }: Inspected, name: string): Promise<void> {
  if (Name !== `/${name}`) await rename(engine, Id, name);
}

async function find(engine: Engine, id: string): Promise<Inspected | undefined> {
  try {
    return await engine.call("look at the container", (docker, abortSignal) =>
      docker.getContainer(id).inspect({ abortSignal }),
    );
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  }
}

async function rename(engine: Engine, id: string, name: string): Promise<void> {
  await engine.call("rename a container", (docker, abortSignal) =>
    docker.getContainer(id).rename({ name, abortSignal }),
  );
}

async function start(engine: Engine, id: string): Promise<void> {
  await engine
    .call("start the container", (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }), {
      timeoutMs: engineLimits.startMs,
    })
    .catch(unlessAlreadySo);
}

async function remove(engine: Engine, id: string): Promise<void> {
  try {
    await engine.call(
      "remove a container",
      (docker, abortSignal) => docker.getContainer(id).remove({ force: true, abortSignal }),
      { timeoutMs: engineLimits.removalMs },
    );
  } catch (error) {
    if (!isYardError(error, "not_found")) throw error;
  }
}

function unlessAlreadySo(error: unknown): void {
  if (!isAlreadySo(error)) throw error;
}
