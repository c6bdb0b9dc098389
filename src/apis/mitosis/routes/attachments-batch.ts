/** Attachments of a group, many at once: those whose key matches, or a list of keys. What there is not is left out. */
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import type { Download } from "../../../tasks/storage/downloads.ts";
import type { TeamRef } from "../../../tasks/task.ts";
import { callerOf, principalOf } from "../callers.ts";
import { downloadToWire } from "../downloads.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import {
  AttachmentDownloads,
  AttachmentFilter,
  AttachmentKeys,
  AttachmentsDeleted,
  AttachmentsDeletedList,
  GroupPath,
} from "../file-schemas.ts";
import { type AttachmentRef, attachmentRef, youngMs } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { userSecurity } from "../schemas.ts";
import { pageFromWire, requireItems } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Groups"], security: userSecurity, params: GroupPath };
type Parts = Pick<MitosisParts, "files">;

export function registerAttachmentBatches(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerDownloads(app, parts, toolbox);
  registerRemovals(app, parts, toolbox);
}

function registerDownloads(app: ApiInstance, { files }: Parts, { guards, groups }: Toolbox): void {
  app.post(
    "/groups/:group_name/download/attachments",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "batchDownloadAttachmentsByFilter",
        summary: "Where the attachments are that match",
        body: AttachmentFilter,
        response: { 200: AttachmentDownloads, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const { key, ...page } = request.body;
      const team = await groups.require(callerOf(request), request.params.group_name, "argument");
      const found = await files.attachments(team, { key: key ?? undefined, ...pageFromWire(page) });
      const refs = found.map((each) => attachmentRef(team, each.key));
      return downloadsToWire(request, team, await files.downloadAll(refs));
    },
  );

  app.post(
    "/groups/:group_name/download/attachments/list",
    {
      onRequest: guards.user("blobs.read"),
      schema: {
        ...about,
        operationId: "batchDownloadAttachmentsByKeys",
        summary: "Where these attachments are",
        body: AttachmentKeys,
        response: { 200: AttachmentDownloads, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const keys = requireItems(request.body.keys, "keys");
      const team = await groups.require(callerOf(request), request.params.group_name, "argument");
      return downloadsToWire(request, team, await files.downloadAll(keys.map((key) => attachmentRef(team, key))));
    },
  );
}

type Found = readonly (Download & { readonly file: AttachmentRef })[];

function downloadsToWire(request: ApiRequest, team: TeamRef, found: Found) {
  const downloads = found.map(({ file, ...rest }) => ({ key: file.key, ...downloadToWire(request, rest) }));
  return { downloads, group_name: team.name };
}

function registerRemovals(app: ApiInstance, { files }: Parts, { guards, groups, trail }: Toolbox): void {
  async function remove(request: ApiRequest, team: TeamRef, keys: readonly string[]) {
    const refs = keys.map((key) => attachmentRef(team, key));
    const { removed, failed } = await files.removeAll(refs, { minAgeMs: youngMs });
    await trail.record(request, principalOf(request), {
      ...{ action: "attachment.delete-many", target: team.name, outcome: "done" },
      details: { deleted: removed, failed: failed.length },
    });
    return { removed, failed: failed.map(({ key }) => key) };
  }

  app.post(
    "/groups/:group_name/delete/attachments",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        ...about,
        operationId: "batchDeleteAttachmentsByFilter",
        summary: "Delete the attachments that match, as far as they can be",
        body: AttachmentFilter,
        response: { 200: AttachmentsDeleted, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const { key, ...page } = request.body;
      const team = await groups.requireMember(callerOf(request), request.params.group_name, "argument");
      const found = await files.attachments(team, { key: key ?? undefined, ...pageFromWire(page) });
      const { removed } = await remove(
        request,
        team,
        found.map((each) => each.key),
      );
      return { deleted_count: removed, group_name: team.name };
    },
  );

  app.post(
    "/groups/:group_name/delete/attachments/list",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        ...about,
        operationId: "batchDeleteAttachmentsByKeys",
        summary: "Delete these attachments, as far as they can be",
        body: AttachmentKeys,
        response: { 200: AttachmentsDeletedList, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const keys = requireItems(request.body.keys, "keys");
      const team = await groups.requireMember(callerOf(request), request.params.group_name, "argument");
      const { removed, failed } = await remove(request, team, keys);
      return { deleted_count: removed, failed_keys: failed, group_name: team.name };
    },
  );
}
