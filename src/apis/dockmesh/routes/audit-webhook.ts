/** Where new entries of the audit log are sent. */
import { Type } from "typebox";
import type { AuditWebhook } from "../../../identity/audit-webhook.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { inWireFields } from "../account-words.ts";
import { errorReplies, WireError } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["audit"], security: bearer };
const FilterActions = Type.Array(Type.String(), {
  description: "Actions such as `stack.deploy`, and areas of them (`stack`, `stack.*`); none: all",
});

const WebhookConfig = Type.Object({
  url: Type.String({ description: "Empty: nowhere" }),
  has_secret: Type.Boolean({ description: "The secret itself is never shown" }),
  filter_actions: FilterActions,
});
const WebhookInput = Type.Object({
  url: Type.String({ description: "Empty turns it off" }),
  secret: Type.Optional(
    Type.String({
      format: "password",
      description: "Signs what is sent. Left out or empty: the one that is kept stays",
    }),
  ),
  clear_secret: Type.Optional(Type.Boolean()),
  filter_actions: Type.Optional(FilterActions),
});

type WebhookParts = Pick<DockmeshParts, "auditWebhook">;

export function registerAuditWebhookRoutes(app: ApiInstance, { auditWebhook }: WebhookParts, toolbox: Toolbox): void {
  const { guards, trail } = toolbox;
  const onRequest = guards.may("user.manage");

  app.get(
    `${basePath}/audit/webhook`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "audit.webhook_get",
        summary: "Where new entries are sent",
        response: { 200: WebhookConfig, ...errorReplies(401, 403) },
      },
    },
    async () => webhookToWire(await auditWebhook.get()),
  );

  app.put(
    `${basePath}/audit/webhook`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "audit.webhook_set",
        summary: "Send each new entry to an address, in order, until it arrives",
        body: WebhookInput,
        response: { 200: WebhookConfig, ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      const { url, secret, clear_secret: clearSecret, filter_actions: filterActions } = request.body;
      const work = () => inWireFields(() => auditWebhook.set({ url, secret, clearSecret, filterActions }));
      const target = URL.parse(url)?.host ?? "";
      const what = { action: "audit.webhook_update", target };
      return webhookToWire(await trail.change(request, principalOf(request), what, work));
    },
  );

  app.post(
    `${basePath}/audit/webhook/test`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "audit.webhook_test",
        summary: "Send an entry that is not in the log",
        response: { 200: Type.Object({ status: Type.String() }), ...errorReplies(400, 401, 403, 502, 503) },
      },
    },
    async (request, reply) => {
      const what = { action: "audit.webhook_test", target: "", outcome: "done" } as const;
      await trail.intend(request, principalOf(request), what);
      try {
        await auditWebhook.test(requestSignal(reply));
      } catch (error) {
        if (!isYardError(error, "unavailable")) throw error;
        throw new WireError("unavailable", error.message, { status: 502, cause: error });
      }
      return { status: "ok" };
    },
  );
}

function webhookToWire({ url, hasSecret: has_secret, filterActions }: AuditWebhook) {
  return { url, has_secret, filter_actions: [...filterActions] };
}
