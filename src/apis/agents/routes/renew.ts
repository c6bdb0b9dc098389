/** The next certificate, for an agent that shows one that is still good. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import type { AgentsParts } from "../parts.ts";
import { certificateOf } from "../shown-certificate.ts";

export function registerRenewRoute(app: ApiInstance, { enrolment, trail }: AgentsParts): void {
  app.post(
    "/certificate",
    {
      bodyLimit: 16 * 1024,
      schema: {
        operationId: "renewAgentCertificate",
        summary: "Get the next certificate; the present one is good until that is used",
        tags: ["Agents"],
        security: [],
        body: Type.Object({ csr: Type.String({ description: "A certificate request (PKCS #10, PEM)" }) }),
        response: {
          200: Type.Object({ client_cert: Type.String({ description: "PEM" }) }),
          ...errorReplies(400, 401, 403, 408, 413),
        },
      },
    },
    async (request) => {
      const { hostId, hostName, certificate } = await enrolment.renew(certificateOf(request), request.body.csr);
      const actor = { userId: null, username: `host ${hostName} (${hostId})` };
      await trail.record(request, actor, { action: "agent.renew", target: hostId, outcome: "done" });
      return { client_cert: certificate };
    },
  );
}
