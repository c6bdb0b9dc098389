/** `POST /yard/v1/capsules/{id}/move`: a paused capsule goes to another host. */
import { Type } from "typebox";
import { capsuleStatuses } from "../../../capsules/capsule.ts";
import type { Trail } from "../../../identity/trail.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard, principalOf } from "../guard.ts";
import type { YardApiParts } from "../parts.ts";
import { OptionalText } from "../rows/texts.ts";

const MovedCapsule = Type.Object(
  {
    id: Type.String(),
    status: Type.Enum([...capsuleStatuses]),
    hostId: Type.String(),
    hostName: OptionalText,
  },
  { description: "It is there, whole" },
);

export function registerCapsuleMove(
  app: ApiInstance,
  { capsuleMoves }: Pick<YardApiParts, "capsuleMoves">,
  guard: Guard,
  trail: Trail,
): void {
  app.post(
    "/yard/v1/capsules/:id/move",
    {
      onRequest: guard("capsules.run"),
      schema: {
        tags: ["Capsules"],
        security: bearer,
        operationId: "moveCapsule",
        summary: "Take a paused or hibernated capsule to another host",
        description:
          "With all that its pause keeps: it goes on there when it is resumed. Answered once it is there, which takes as long as its disk and its memory take to be sent; when that fails, it is where it was. The capsule is one of the team that the token is for; administrators move any.",
        params: Type.Object({ id: Type.String({ maxLength: 64, description: "As in the list of capsules" }) }),
        body: Type.Object({
          host: Type.String({ minLength: 1, maxLength: 256, description: "Its id, or the name that it alone has" }),
        }),
        response: { 200: MovedCapsule, ...errorReplies(400, 401, 403, 404, 408, 409, 412, 413, 503, 507) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { id } = request.params;
      const capsuleId = capsuleMoves.capsuleIdFromWire(id);
      const host = capsuleMoves.hostFromWire(request.body.host);
      const scope = await capsuleMoves.scopeFor(principal, capsuleId);
      const what = { action: "capsule.move", target: id, details: { host } };
      const moved = await trail.change(request, principal, what, () => capsuleMoves.move(scope, capsuleId, { host }));
      const { status, hostId } = moved;
      return { id, status, hostId, hostName: capsuleMoves.hostName(hostId) };
    },
  );
}
