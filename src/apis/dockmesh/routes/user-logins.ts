/** How users log in: passwords set, locks lifted, second steps taken off who has lost the device. */
import { Type } from "typebox";
import type { User } from "../../../identity/identity.ts";
import { requirePassword } from "../../../identity/password-rules.ts";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { inWireFields } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { UserPath } from "./users.ts";

const about = { tags: ["users"], security: bearer, params: UserPath };
type Parts = Pick<DockmeshParts, "identity">;

export function registerUserLoginRoutes(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerPassword(app, parts, toolbox);
  registerUnlock(app, parts, toolbox);
  registerMfaReset(app, parts, toolbox);
}

function registerPassword(app: ApiInstance, { identity: { users, policy } }: Parts, { guards, trail }: Toolbox): void {
  /** Whose password the request may set: one's own by showing it, others' by permission. */
  async function target(request: ApiRequest, id: string): Promise<{ user: User; isOwn: boolean }> {
    const isOwn = id === principalOf(request).userId;
    if (!isOwn) guards.require(request, "user.manage");
    return { user: await users.getById(id), isOwn };
  }

  app.put(
    `${basePath}/users/:id/password`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "users.change_password",
        summary: "Set a password",
        description: "One's own, or another user's. All logins of the user end but the one that asks.",
        body: Type.Object({
          password: Type.String({ format: "password" }),
          current_password: Type.Optional(
            Type.String({
              format: "password",
              description: "Needed for one's own; wrong ones count as tries to log in",
            }),
          ),
        }),
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 423, 503) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { password, current_password: current } = request.body;
      const { user, isOwn } = await target(request, request.params.id);
      if (isOwn && user.hasPassword && !current)
        throw new YardError("invalid", "is needed to set one's own", { field: "current_password" });
      requirePassword(password, (await policy.get()).passwords);
      const options = { by: principal, keepSessionId: isOwn ? sessionOf(principal) : undefined };
      await trail.change(request, principal, { action: "user.password", target: user.username }, async () => {
        if (isOwn && user.hasPassword) await users.checkPassword(user.username, current ?? "");
        await inWireFields(() => users.setPassword(user.username, password, options));
      });
      return reply.code(204).send();
    },
  );
}

function sessionOf({ credential }: Principal): string | undefined {
  return credential.kind === "token" ? credential.sessionId : undefined;
}

function registerUnlock(app: ApiInstance, { identity: { users } }: Parts, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/users/:id/unlock`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "users.unlock",
        summary: "Let a locked user log in again",
        description: "Also one whom an administrator has locked.",
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { username } = await users.getById(request.params.id);
      await trail.change(request, principal, { action: "user.unlock", target: username }, () =>
        inWireFields(() => users.unlock(username, { by: principal })),
      );
      return reply.code(204).send();
    },
  );
}

function registerMfaReset(app: ApiInstance, { identity: { users, totp } }: Parts, { guards, trail }: Toolbox): void {
  app.delete(
    `${basePath}/users/:id/mfa`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "users.mfa_reset",
        summary: "Take the second step off a user who has lost the device",
        description: "Another's only as an administrator: else whoever may set passwords could log in as anybody.",
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { id, username } = await users.getById(request.params.id);
      await trail.change(request, principal, { action: "user.mfa_reset", target: username }, () =>
        inWireFields(() => totp.disable(id, { by: principal })),
      );
      return reply.code(204).send();
    },
  );
}
