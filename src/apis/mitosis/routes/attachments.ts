/** `/groups/{group}/attachments`: files that a group brings along for its tasks. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { sendDownload } from "../downloads.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { createFileChanges } from "../file-changes.ts";
import {
  Attachment,
  AttachmentList,
  AttachmentPath,
  AttachmentQuery,
  DownloadRedirect,
  DownloadReply,
  GroupPath,
  UploadAttachment,
  UploadReply,
} from "../file-schemas.ts";
import { attachmentItemToWire, attachmentRef, attachmentToWire } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { userSecurity } from "../schemas.ts";
import { pageFromWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";
import { registerAttachmentBatches } from "./attachments-batch.ts";
import { registerAttachmentRemovals } from "./attachments-remove.ts";

const about = { tags: ["Groups"], security: userSecurity };
type Parts = Pick<MitosisParts, "files" | "teamDirectory">;

export function registerAttachmentRoutes(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerUpload(app, parts, toolbox);
  registerList(app, parts, toolbox);
  registerGet(app, parts, toolbox);
  registerDownload(app, parts, toolbox);
  registerAttachmentRemovals(app, parts, toolbox);
  registerAttachmentBatches(app, parts, toolbox);
}

function registerUpload(app: ApiInstance, { files }: Parts, { guards, groups, trail }: Toolbox): void {
  const changes = createFileChanges(files, trail);
  app.post(
    "/groups/:group_name/attachments",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        ...about,
        operationId: "uploadAttachment",
        summary: "Get a URL to upload an attachment by",
        params: GroupPath,
        body: UploadAttachment,
        response: { 200: UploadReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { key, content_length: bytes } = request.body;
      const team = await groups.requireMember(callerOf(request), request.params.group_name, "apart");
      return changes.upload(request, { team, file: attachmentRef(team, key), bytes });
    },
  );
}

function registerList(app: ApiInstance, { files }: Parts, { guards, groups, readingOf }: Toolbox): void {
  app.post(
    "/groups/:group_name/attachments/query",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "queryAttachments",
        summary: "List the attachments of a group, or count them",
        params: GroupPath,
        body: AttachmentQuery,
        response: { 200: AttachmentList, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const { body } = request;
      const team = await groups.require(callerOf(request), request.params.group_name, "argument");
      const key = body.key ?? undefined;
      if (body.count)
        return { count: await files.countAttachments(team, { key }), attachments: [], group_name: team.name };
      const reading = readingOf(request);
      const found = await files.attachments(team, { key, ...pageFromWire(body) });
      return {
        count: found.length,
        attachments: found.map((record) => attachmentItemToWire(record, reading)),
        group_name: team.name,
      };
    },
  );
}

function registerGet(app: ApiInstance, { files }: Parts, { guards, groups, readingOf }: Toolbox): void {
  app.get(
    "/groups/:group_name/attachments/*",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "queryAttachment",
        summary: "What is known of an attachment",
        params: AttachmentPath,
        response: { 200: Attachment, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { group_name: name, "*": key } = request.params;
      const team = await groups.require(callerOf(request), name, "apart");
      return attachmentToWire(await files.info(attachmentRef(team, key)), readingOf(request));
    },
  );
}

function registerDownload(app: ApiInstance, { files }: Parts, { guards, groups, readingOf }: Toolbox): void {
  app.get(
    "/groups/:group_name/download/attachments/*",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "downloadAttachment",
        summary: "Download an attachment",
        params: AttachmentPath,
        response: { 200: DownloadReply, 302: DownloadRedirect, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { group_name: name, "*": key } = request.params;
      const team = await groups.require(callerOf(request), name, "apart");
      const download = await files.download(attachmentRef(team, key));
      return sendDownload(request, reply, download, readingOf(request));
    },
  );
}
