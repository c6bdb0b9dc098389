/** `POST /tasks/delete/artifacts` and its list: deletes the artifacts of many tasks, as far as they can be. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { artifactsMatching, tasksWithRole } from "../artifact-search.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { ArtifactFilter, ArtifactsDeleted, ArtifactsDeletedList, ArtifactUuids } from "../file-schemas.ts";
import { artifactRef, youngMs } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { userSecurity } from "../schemas.ts";
import { artifactTypes, filterFromWire, uuidsFromWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Tasks"], security: userSecurity };
const deletesMany = { action: "artifact.delete-many" };
type Parts = Pick<MitosisParts, "tasks" | "files">;

export function registerArtifactRemovals(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerMatching(app, parts, toolbox);
  registerList(app, parts, toolbox);
}

function registerMatching(app: ApiInstance, parts: Parts, { guards, groups, trail, readingOf }: Toolbox): void {
  app.post(
    "/tasks/delete/artifacts",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        ...about,
        operationId: "batchDeleteArtifactsByFilter",
        summary: "Delete the artifacts of the tasks that match",
        body: ArtifactFilter,
        response: { 200: ArtifactsDeleted, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const team = await groups.requireMember(caller, request.body.group_name, "argument");
      const pages = artifactsMatching(parts, caller, {
        filter: filterFromWire(request.body, team, readingOf(request)),
        artifact: artifactTypes.fromWire(request.body.content_type),
        signal: requestSignal(reply),
      });
      let deleted = 0;
      for await (const page of pages) deleted += (await parts.files.removeAll(page, { minAgeMs: youngMs })).removed;
      const what = { ...deletesMany, target: team.name, outcome: "done", details: { deleted } } as const;
      await trail.record(request, principalOf(request), what);
      return { deleted_count: deleted };
    },
  );
}

function registerList(app: ApiInstance, { tasks, files }: Parts, { guards, trail }: Toolbox): void {
  app.post(
    "/tasks/delete/artifacts/list",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        ...about,
        operationId: "batchDeleteArtifactsByUuids",
        summary: "Delete the artifacts of these tasks",
        body: ArtifactUuids,
        response: { 200: ArtifactsDeletedList, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const uuids = uuidsFromWire(request.body.uuids);
      const artifact = artifactTypes.fromWire(request.body.content_type);
      const own = await tasksWithRole(tasks, caller, uuids, "member");
      const refs = own.map((uuid) => artifactRef(uuid, artifact));
      const { removed, failed } = await files.removeAll(refs, { minAgeMs: youngMs });
      const kept = new Set([...failed.map(({ taskUuid }) => taskUuid), ...new Set(uuids).difference(new Set(own))]);
      const what = { ...deletesMany, target: caller.username, outcome: "done", details: { deleted: removed } } as const;
      await trail.record(request, principalOf(request), what);
      return { deleted_count: removed, failed_uuids: uuids.filter((uuid) => kept.has(uuid)) };
    },
  );
}
