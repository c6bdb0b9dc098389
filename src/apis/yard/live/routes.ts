/** `POST /yard/v1/tickets` and `GET /yard/v1/live`: what changes, told as it changes. */
import type { onRequestHookHandler } from "fastify";
import { Type } from "typebox";
import { createAdmission } from "../../../identity/admission.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { checkHook } from "../../../platform/http/check-hook.ts";
import type { ConsoleParts, LiveTickets } from "../console-parts.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard, principalOf } from "../guard.ts";
import type { YardApiParts } from "../parts.ts";
import { Moment } from "../rows/texts.ts";
import { createHold } from "./hold.ts";
import { openLiveHub } from "./hub.ts";

type Authenticate = Pick<YardApiParts, "authenticate">;

export function registerLiveRoutes(
  app: ApiInstance,
  parts: ConsoleParts,
  guard: Guard,
  authentication: Authenticate,
): void {
  registerTickets(app, parts.tickets, guard);
  const hub = openLiveHub(parts);
  app.addHook("onClose", () => hub[Symbol.asyncDispose]());
  const hold = createHold(parts, hub);

  app.get(
    "/yard/v1/live",
    {
      onRequest: admitTicket(parts.tickets, authentication),
      schema: {
        operationId: "watchChanges",
        summary: "Hear what changes, over a WebSocket",
        description:
          'Send `{"subscribe": ["apps", …]}`; docs/yard-api.md says what comes. A browser brings a ticket, as it sends no Authorization with such a request.',
        tags: ["Live"],
        security: bearer,
        querystring: Type.Object({
          ticket: Type.Optional(Type.String({ maxLength: 64, description: "Of POST /yard/v1/tickets" })),
        }),
        response: {
          101: Type.Unsafe<undefined>({ type: "null", description: "The connection is a WebSocket from now on" }),
          ...errorReplies(400, 401, 429, 503),
        },
      },
    },
    hold,
  );
}

function registerTickets(app: ApiInstance, tickets: Pick<LiveTickets, "issue">, guard: Guard): void {
  app.post(
    "/yard/v1/tickets",
    {
      onRequest: guard(),
      schema: {
        operationId: "issueTicket",
        summary: "Get a ticket for a WebSocket: good once, for 30 s",
        tags: ["Live"],
        security: bearer,
        response: {
          201: Type.Object({ ticket: Type.String(), expiresAt: Moment }, { description: "Shown only here" }),
          ...errorReplies(401, 429, 503),
        },
      },
    },
    async (request, reply) =>
      reply
        .code(201)
        .header("cache-control", "no-store")
        .send(await tickets.issue(principalOf(request))),
  );
}

/** Nothing that a browser sends by itself counts, so it does not matter whose page it is that asks. */
function admitTicket({ redeem }: Pick<LiveTickets, "redeem">, { authenticate }: Authenticate): onRequestHookHandler {
  const { admit } = createAdmission<ApiRequest>({
    authenticate(request) {
      const { ticket } = request.query as { readonly ticket?: unknown };
      return typeof ticket === "string" ? redeem(ticket) : authenticate(request);
    },
    refuse: (_request, { username }) => new YardError("forbidden", `${username} may not do this.`),
  });
  return checkHook((request) => admit(request));
}
