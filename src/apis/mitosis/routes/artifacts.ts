/** `/tasks/{uuid}/artifacts`: what tasks have left, one at a time. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { requireRole } from "../../../tasks/access.ts";
import { callerOf } from "../callers.ts";
import { sendDownload } from "../downloads.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { createFileChanges } from "../file-changes.ts";
import { ArtifactPath, DownloadRedirect, DownloadReply, UploadArtifact, UploadReply } from "../file-schemas.ts";
import { artifactRef, youngMs } from "../file-words.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { NoContent, userSecurity, uuidFromWire } from "../schemas.ts";
import { TaskPath } from "../task-schemas.ts";
import { artifactTypes } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";
import { registerArtifactDownloads } from "./artifacts-downloads.ts";
import { registerArtifactRemovals } from "./artifacts-removals.ts";

const about = { tags: ["Tasks"], security: userSecurity };
type Parts = Pick<MitosisParts, "tasks" | "files">;

export function registerArtifactRoutes(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerUpload(app, parts, toolbox);
  registerDownload(app, parts, toolbox);
  registerRemoval(app, parts, toolbox);
  registerAdminRemoval(app, parts, toolbox);
  registerArtifactDownloads(app, parts, toolbox);
  registerArtifactRemovals(app, parts, toolbox);
}

function registerUpload(app: ApiInstance, { tasks, files }: Parts, { guards, trail }: Toolbox): void {
  const changes = createFileChanges(files, trail);
  app.post(
    "/tasks/:uuid/artifacts",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        ...about,
        operationId: "uploadTaskArtifact",
        summary: "Get a URL to upload an artifact by",
        params: TaskPath,
        body: UploadArtifact,
        response: { 200: UploadReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { content_type: type, content_length: bytes } = request.body;
      const caller = callerOf(request);
      const task = await tasks.get(caller, uuidFromWire(request.params.uuid)).catch(outsider("forbidden"));
      requireRole(caller, task.team, "member");
      const file = artifactRef(task.uuid, artifactTypes.fromWire(type));
      return changes.upload(request, { team: task.team, file, bytes });
    },
  );
}

function registerDownload(app: ApiInstance, { tasks, files }: Parts, { guards, readingOf }: Toolbox): void {
  app.get(
    "/tasks/:uuid/download/artifacts/:content_type",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "downloadTaskArtifact",
        summary: "Download an artifact",
        params: ArtifactPath,
        response: { 200: DownloadReply, 302: DownloadRedirect, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { uuid, content_type: type } = request.params;
      const task = await tasks.get(callerOf(request), uuidFromWire(uuid)).catch(outsider("forbidden"));
      const download = await files.download(artifactRef(task.uuid, artifactTypes.fromWire(type)));
      return sendDownload(request, reply, download, readingOf(request));
    },
  );
}

function registerRemoval(app: ApiInstance, { tasks, files }: Parts, { guards, trail }: Toolbox): void {
  const changes = createFileChanges(files, trail);
  app.delete(
    "/tasks/:uuid/artifacts/:content_type",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        ...about,
        operationId: "deleteTaskArtifact",
        summary: "Delete an artifact",
        description: "One that somebody got an upload URL for within the hour is 400: it may still be on its way.",
        params: ArtifactPath,
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { uuid, content_type: type } = request.params;
      const caller = callerOf(request);
      const task = await tasks.get(caller, uuidFromWire(uuid)).catch(outsider("forbidden"));
      requireRole(caller, task.team, "member");
      const file = artifactRef(task.uuid, artifactTypes.fromWire(type));
      await changes.remove(request, file, { minAgeMs: youngMs });
      return reply.code(200).send();
    },
  );
}

function registerAdminRemoval(app: ApiInstance, { files }: Parts, { guards, trail }: Toolbox): void {
  const changes = createFileChanges(files, trail);
  app.delete(
    "/admin/tasks/:uuid/artifacts/:content_type",
    {
      onRequest: guards.admin(),
      schema: {
        operationId: "adminDeleteTaskArtifact",
        summary: "Delete any artifact, however young",
        tags: ["Admin"],
        security: userSecurity,
        params: ArtifactPath,
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { uuid, content_type: type } = request.params;
      const file = artifactRef(uuidFromWire(uuid), artifactTypes.fromWire(type));
      await changes.remove(request, file);
      return reply.code(200).send();
    },
  );
}
