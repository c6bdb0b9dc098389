/** `DELETE /groups/{group}/attachments/{key}`, by members of the group and by administrators. */
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import { createFileChanges } from "../file-changes.ts";
import { AttachmentPath } from "../file-schemas.ts";
import { attachmentRef, youngMs } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { NoContent, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

type Parts = Pick<MitosisParts, "files" | "teamDirectory">;

export function registerAttachmentRemovals(
  app: ApiInstance,
  { files, teamDirectory }: Parts,
  { guards, groups, trail }: Toolbox,
): void {
  const changes = createFileChanges(files, trail);
  app.delete(
    "/groups/:group_name/attachments/*",
    {
      onRequest: guards.user("blobs.write"),
      schema: {
        operationId: "deleteAttachment",
        summary: "Delete an attachment",
        description: "One that somebody got an upload URL for within the hour is 400: it may still be on its way.",
        tags: ["Groups"],
        security: userSecurity,
        params: AttachmentPath,
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { group_name: name, "*": key } = request.params;
      const team = await groups.requireMember(callerOf(request), name, "apart");
      await changes.remove(request, attachmentRef(team, key), { minAgeMs: youngMs });
      return reply.code(200).send();
    },
  );

  app.delete(
    "/admin/groups/:group_name/attachments/*",
    {
      onRequest: guards.admin(),
      schema: {
        operationId: "adminDeleteAttachment",
        summary: "Delete any attachment, however young",
        tags: ["Admin"],
        security: userSecurity,
        params: AttachmentPath,
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { group_name: name, "*": key } = request.params;
      const team = await teamDirectory.byName(name);
      if (!team) throw new YardError("not_found", `There is no group ${JSON.stringify(name.slice(0, 80))}.`);
      await changes.remove(request, attachmentRef(team, key));
      return reply.code(200).send();
    },
  );
}
