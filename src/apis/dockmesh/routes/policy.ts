/** The rules for everybody's passwords and logins. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { PasswordPolicy, policyFromWire, policyToWire } from "../policy-words.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export function registerPolicyRoutes(
  app: ApiInstance,
  { identity: { policy } }: Pick<DockmeshParts, "identity">,
  { guards, trail }: Toolbox,
): void {
  const about = { tags: ["auth"], security: bearer };

  app.get(
    `${basePath}/auth/policy`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "auth.policy_get",
        summary: "Read the rules for passwords and logins",
        response: { 200: PasswordPolicy, ...errorReplies(401, 403) },
      },
    },
    async () => policyToWire(await policy.get()),
  );

  app.put(
    `${basePath}/auth/policy`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "auth.policy_set",
        summary: "Change the rules for passwords and logins",
        description: "What is left out stays. Rules for passwords speak of those that are set from now on.",
        body: PasswordPolicy,
        response: { 200: PasswordPolicy, ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      const what = { action: "auth.policy_update", target: "policy", details: { ...request.body } };
      return trail.change(request, principalOf(request), what, async () =>
        policyToWire(await policy.change(policyFromWire(request.body))),
      );
    },
  );
}
