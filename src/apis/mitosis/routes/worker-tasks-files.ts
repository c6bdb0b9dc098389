/** What a worker brings for a task before it starts: artifacts of the tasks of the groups that it serves, attachments of the task's own group. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { workerOf } from "../callers.ts";
import { sendDownload } from "../downloads.ts";
import { errorReplies } from "../errors.ts";
import { ArtifactPath, DownloadRedirect, DownloadReply } from "../file-schemas.ts";
import { artifactRef, attachmentRef } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { Uuid, uuidFromWire, workerSecurity } from "../schemas.ts";
import { artifactTypes } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Workers"], security: workerSecurity };
const replies = { 200: DownloadReply, 302: DownloadRedirect, ...errorReplies(400, 401, 404, 503) };
const KeyPath = Type.Object({ uuid: Uuid, "*": Type.String({ description: "The key" }) });

export function registerWorkerFiles(
  app: ApiInstance,
  { workers, files }: Pick<MitosisParts, "workers" | "files">,
  { guards, readingOf }: Toolbox,
): void {
  app.get(
    "/workers/tasks/:uuid/artifacts/:content_type",
    {
      onRequest: guards.worker(),
      schema: {
        ...about,
        operationId: "downloadTaskArtifactForWorker",
        summary: "Download an artifact of a task",
        params: ArtifactPath,
        response: replies,
      },
    },
    async (request, reply) => {
      const { uuid, content_type: type } = request.params;
      const task = await workers.taskFor(workerOf(request), uuidFromWire(uuid));
      const download = await files.download(artifactRef(task.uuid, artifactTypes.fromWire(type)));
      return sendDownload(request, reply, download, readingOf(request));
    },
  );

  app.get(
    "/workers/tasks/:uuid/attachments/*",
    {
      onRequest: guards.worker(),
      schema: {
        ...about,
        operationId: "downloadAttachmentForWorker",
        summary: "Download an attachment of the task's group",
        params: KeyPath,
        response: replies,
      },
    },
    async (request, reply) => {
      const { uuid, "*": key } = request.params;
      const { team } = await workers.taskFor(workerOf(request), uuidFromWire(uuid));
      const download = await files.download(attachmentRef(team, key));
      return sendDownload(request, reply, download, readingOf(request));
    },
  );
}
