/** `POST /tasks/download/artifacts` and its list: where the artifacts of many tasks are. What there is not is left out. */
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import type { Download } from "../../../tasks/storage/downloads.ts";
import { limits } from "../../../tasks/task-limits.ts";
import { artifactsMatching, tasksWithRole } from "../artifact-search.ts";
import { callerOf } from "../callers.ts";
import { downloadToWire } from "../downloads.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { ArtifactDownloads, ArtifactFilter, ArtifactUuids } from "../file-schemas.ts";
import { type ArtifactRef, artifactRef } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { userSecurity } from "../schemas.ts";
import { artifactTypes, filterFromWire, uuidsFromWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Tasks"], security: userSecurity };
type Parts = Pick<MitosisParts, "tasks" | "files">;

export function registerArtifactDownloads(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  const { tasks, files } = parts;
  const { guards, groups, readingOf } = toolbox;

  app.post(
    "/tasks/download/artifacts",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "batchDownloadArtifactsByFilter",
        summary: "Where the artifacts of the tasks are that match",
        description: `The first ${limits.listed} of them.`,
        body: ArtifactFilter,
        response: { 200: ArtifactDownloads, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const team = await groups.require(caller, request.body.group_name, "argument");
      const pages = artifactsMatching(parts, caller, {
        filter: filterFromWire(request.body, team, readingOf(request)),
        artifact: artifactTypes.fromWire(request.body.content_type),
        signal: requestSignal(reply),
      });
      const refs: ArtifactRef[] = [];
      for await (const page of pages) {
        refs.push(...page);
        if (refs.length >= limits.listed) break;
      }
      return downloadsToWire(request, await files.downloadAll(refs.slice(0, limits.listed)));
    },
  );

  app.post(
    "/tasks/download/artifacts/list",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "batchDownloadArtifactsByUuids",
        summary: "Where the artifacts of these tasks are",
        body: ArtifactUuids,
        response: { 200: ArtifactDownloads, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const uuids = uuidsFromWire(request.body.uuids);
      const artifact = artifactTypes.fromWire(request.body.content_type);
      const seen = await tasksWithRole(tasks, callerOf(request), uuids, "viewer");
      return downloadsToWire(request, await files.downloadAll(seen.map((uuid) => artifactRef(uuid, artifact))));
    },
  );
}

type Found = readonly (Download & { readonly file: ArtifactRef })[];

function downloadsToWire(request: ApiRequest, found: Found) {
  return { downloads: found.map(({ file, ...rest }) => ({ uuid: file.taskUuid, ...downloadToWire(request, rest) })) };
}
