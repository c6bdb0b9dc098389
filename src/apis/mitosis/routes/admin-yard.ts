/** What administrators do to groups and to the server as a whole. */
import { timingSafeEqual } from "node:crypto";
import { Type } from "typebox";
import { sha256Hex } from "../../../platform/crypto/secrets.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { storageChangeFromWire } from "../byte-sizes.ts";
import { principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { MitosisParts } from "../parts.ts";
import { NoContent, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Admin"], security: userSecurity };

export function registerAdminYardRoutes(
  app: ApiInstance,
  { identity: { quotas }, shutdown }: Pick<MitosisParts, "identity" | "shutdown">,
  { guards, trail }: Toolbox,
): void {
  app.post(
    "/admin/groups/:group_name/storage-quota",
    {
      onRequest: guards.admin(),
      schema: {
        ...about,
        operationId: "adminChangeGroupStorageQuota",
        summary: "Change how many bytes a group may keep",
        params: Type.Object({ group_name: Type.String() }),
        body: Type.Object({ storage_quota: Type.String({ description: "`2GB` or `=2GB`; `+1.5 GiB`, `-100MB`" }) }),
        response: {
          200: Type.Object({ storage_quota: Type.Integer({ description: "In bytes" }) }),
          ...errorReplies(...bodyStatuses, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const { group_name: name } = request.params;
      const change = storageChangeFromWire(request.body.storage_quota, "storage_quota");
      const what = { action: "team.storage-quota", target: name, details: { ...change } };
      const storage_quota = await trail.change(request, principalOf(request), what, () =>
        quotas.changeStorageQuota(name, change),
      );
      return { storage_quota };
    },
  );

  app.post(
    "/admin/shutdown",
    {
      onRequest: guards.admin(),
      schema: {
        ...about,
        operationId: "adminShutdownCoordinator",
        summary: "Stop the server gracefully",
        description: "The secret is new at each start, and only in the server's log. What runs on the host goes on.",
        body: Type.Object({ secret: Type.String() }),
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403) },
      },
    },
    async (request, reply) => {
      await trail.change(request, principalOf(request), { action: "yard.stop", target: "yard" }, async () => {
        if (!isSame(request.body.secret, shutdown.secret))
          throw new YardError("forbidden", "is not that of this start; see the server's log", { field: "secret" });
      });
      shutdown.request();
      return reply.code(200).send();
    },
  );
}

/** In a time that says nothing of the secret, its length included. */
function isSame(given: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(given)), Buffer.from(sha256Hex(secret)));
}
