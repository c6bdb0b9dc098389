/** Changing a password: one's own or another's, always with the current one. */
import { Type } from "typebox";
import { nameKey } from "../../../identity/names.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { checkHook } from "../../../platform/http/check-hook.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import { inWireFields } from "../field-names.ts";
import type { AppMeshParts } from "../parts.ts";
import { errorReplies, Message } from "../schemas.ts";
import { inUserFields, textFromBase64, UserPath } from "../users.ts";

const PasswordChange = Type.Object({
  old_password: Type.String({ description: "The user's current password, in base64" }),
  new_password: Type.String({ description: "At least 6 characters, in base64" }),
});

export function registerPasswordRoute(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { users } = parts.identity;

  /** Which permission is needed depends on whose password it is. */
  const mayChange = checkHook((request: ApiRequest) => {
    const { user_name: name } = request.params as { user_name: string };
    guard.require(request, isSelf(name, principalOf(request)) ? "passwd-change-self" : "passwd-change-user");
    return undefined;
  });

  app.post(
    "/appmesh/user/:user_name/passwd",
    {
      onRequest: [guard(), mayChange],
      schema: {
        summary: "Change a password, and end the user's other sessions",
        description:
          "`self` is the caller, who needs passwd-change-self; passwd-change-user is for others', whose current password is needed all the same.",
        tags: ["UserManagement"],
        security: [{ BearerAuth: [] }],
        params: UserPath,
        body: PasswordChange,
        response: { 200: Message, ...errorReplies(400, 401, 404, 412) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const isOwn = isSelf(request.params.user_name, principal);
      const { username } = isOwn ? principal : await inUserFields(() => users.get(request.params.user_name));
      const oldPassword = textFromBase64(request.body.old_password, "old_password");
      const newPassword = textFromBase64(request.body.new_password, "new_password");
      const keepSessionId = isOwn && principal.credential.kind === "token" ? principal.credential.sessionId : undefined;
      await trail.change(request, principal, { action: "user.password", target: username }, async () => {
        await users.checkPassword(username, oldPassword).catch(wrongOldPassword);
        await inWireFields(
          () => users.setPassword(username, newPassword, { keepSessionId }),
          () => "new_password",
        );
      });
      return { message: `the password of ${username} is changed` };
    },
  );
}

function isSelf(name: string, { username }: Principal): boolean {
  return name === "self" || nameKey(name) === nameKey(username);
}

/** The caller is logged in: a 401 would say otherwise. */
function wrongOldPassword(error: unknown): never {
  const field = "old_password";
  if (isYardError(error, "unauthenticated")) throw new YardError("invalid", "is wrong", { field, cause: error });
  if (!isYardError(error, "locked")) throw error;
  const { message, retryAfterMs } = error;
  throw new YardError("precondition", message, { field, retryAfterMs, cause: error });
}
