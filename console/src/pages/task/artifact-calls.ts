/** Bringing and taking what belongs to a task: by addresses that are good for a while, at the yard or at a store of its own. */
import { call } from "../../api/call.ts";
import { CallError, errorOf } from "../../api/call-error.ts";
import type { Task } from "./use-task.ts";

export type ArtifactType = Task["artifacts"][number]["content_type"];

/** In a list of one, as a single one is answered with a redirection, which a page cannot look at. */
export async function artifactUrl(uuid: string, type: ArtifactType): Promise<string> {
  const body = { uuids: [uuid], content_type: type };
  const { downloads } = await call("POST /tasks/download/artifacts/list", { body });
  const [found] = downloads;
  if (!found) throw new CallError("It is not there any more.", 404);
  return hereIfOurs(found.url);
}

/** Of one that is kept by the yard itself. @throws {CallError} */
export async function readArtifact(uuid: string, type: ArtifactType): Promise<Blob> {
  const url = await artifactUrl(uuid, type);
  if (new URL(url, location.href).origin !== location.origin)
    throw new CallError("It is in a store that the console does not read from. Download it below.", 403);
  const response = await fetch(url);
  if (!response.ok) throw await errorOf(response);
  return response.blob();
}

/** @throws {CallError} */
export async function writeArtifact(uuid: string, type: ArtifactType, content: Blob): Promise<void> {
  const body = { content_type: type, content_length: content.size };
  const { url } = await call("POST /tasks/{uuid}/artifacts", { path: { uuid }, body });
  const response = await fetch(hereIfOurs(url), { method: "PUT", body: content });
  if (!response.ok) throw await errorOf(response);
}

/** The yard names itself as it was set up to; the page may have come by another of its names. */
function hereIfOurs(url: string): string {
  const { pathname, search } = new URL(url, location.href);
  return pathname.startsWith("/yard/v1/blobs/") ? `${pathname}${search}` : url;
}
