/** Volumes of one host. What an engine says of them is passed on as it is. */
import { readEngineJson } from "../platform/docker/engine-reply.ts";
import type { DockerHost } from "./docker-hosts.ts";
import { engineLimits, requireAwake } from "./engine-limits.ts";
import { asRecord, asRecords, type EngineRecord } from "./engine-record.ts";
import { requireName } from "./names.ts";

export interface NewVolume {
  readonly name: string;
  readonly driver?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export async function listVolumes({ engine }: DockerHost): Promise<readonly EngineRecord[]> {
  const listed = await engine.call("list volumes", (docker, abortSignal) =>
    readEngineJson(docker, "/volumes", { abortSignal }),
  );
  return asRecords(asRecord(listed, "list of volumes").Volumes ?? [], "list of volumes");
}

/** @throws {YardError} invalid, not_found */
export async function inspectVolume({ engine }: DockerHost, name: string): Promise<EngineRecord> {
  requireName(name, "name");
  const found = await engine.call("look at the volume", (docker, abortSignal) =>
    readEngineJson(docker, `/volumes/${name}`, { abortSignal }),
  );
  return asRecord(found, "volume");
}

/** One that is there already stays as it is. @throws {YardError} invalid, conflict (it is there with another driver) */
export async function createVolume(host: DockerHost, volume: NewVolume): Promise<EngineRecord> {
  const { name, driver = "local", labels = {} } = volume;
  requireName(name, "name");
  requireName(driver, "driver");
  await requireAwake(host.engine);
  await host.engine.call("make the volume", (docker, abortSignal) =>
    docker.createVolume({ Name: name, Driver: driver, Labels: { ...labels }, abortSignal }),
  );
  return inspectVolume(host, name);
}

/** @throws {YardError} invalid, not_found, conflict (a container uses it) */
export async function removeVolume(
  { engine }: DockerHost,
  name: string,
  { force }: { readonly force: boolean },
): Promise<void> {
  requireName(name, "name");
  await requireAwake(engine);
  await engine.call(
    "remove the volume",
    (docker, abortSignal) => docker.getVolume(name).remove({ force, abortSignal }),
    { timeoutMs: engineLimits.clearingMs },
  );
}

/** Removes those that no container uses. */
export async function pruneVolumes({ engine }: DockerHost): Promise<EngineRecord> {
  await requireAwake(engine);
  const report = await engine.call(
    "remove unused volumes",
    (docker, abortSignal) => docker.pruneVolumes({ abortSignal }),
    { timeoutMs: engineLimits.clearingMs },
  );
  return { ...report };
}
