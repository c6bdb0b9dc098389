/** Images of one host. What an engine says of them is passed on as it is. */
import { readEngineJson } from "../platform/docker/engine-reply.ts";
import type { DockerHost } from "./docker-hosts.ts";
import { engineLimits, requireAwake } from "./engine-limits.ts";
import { asRecords, type EngineRecord } from "./engine-record.ts";
import { parseImageReference } from "./image-reference.ts";

const imageId = /^(?:sha256:)?[0-9a-f]{4,64}$/;

/** @param options.all also those in between, which others are built on */
export async function listImages(
  { engine }: DockerHost,
  { all }: { readonly all: boolean },
): Promise<readonly EngineRecord[]> {
  const listed = await engine.call("list images", (docker, abortSignal) =>
    readEngineJson(docker, "/images/json", { query: { all }, abortSignal }),
  );
  return asRecords(listed, "list of images");
}

/** @param id an id, its beginning, or a name   @returns `{Untagged}` and `{Deleted}`
 *  @throws {YardError} invalid, not_found, conflict (a container uses it) */
export async function removeImage(
  { engine }: DockerHost,
  id: string,
  { force }: { readonly force: boolean },
): Promise<readonly EngineRecord[]> {
  requireImage(id);
  await requireAwake(engine);
  const removed: unknown = await engine.call(
    "remove the image",
    (docker, abortSignal) => docker.getImage(id).remove({ force, abortSignal }),
    { timeoutMs: engineLimits.clearingMs },
  );
  return asRecords(removed, "list of what was removed");
}

/** Removes what has no name and no container. */
export async function pruneImages({ engine }: DockerHost): Promise<EngineRecord> {
  await requireAwake(engine);
  const report = await engine.call(
    "remove unused images",
    (docker, abortSignal) => docker.pruneImages({ abortSignal }),
    { timeoutMs: engineLimits.clearingMs },
  );
  return { ...report };
}

/** @throws {YardError} invalid */
function requireImage(id: string): void {
  if (imageId.test(id)) return;
  parseImageReference(id);
}
