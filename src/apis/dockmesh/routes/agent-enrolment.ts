/** What a machine asks that is to become a host: the token is all that it has. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { urlsFor } from "../agent-words.ts";
import { errorReplies } from "../errors.ts";
import type { AgentParts } from "../parts.ts";
import { basePath, open } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export const openEnrolmentOperations = [`POST ${basePath}/agents/enroll`];

/** What is shown to people has an end, and moves no cursor. */
const told = { maxLength: 128, pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$" };
const bodyLimitBytes = 32 * 1024;

export function registerAgentEnrolmentRoutes(
  app: ApiInstance,
  agents: AgentParts,
  { trail }: Pick<Toolbox, "trail">,
): void {
  app.post(
    `${basePath}/agents/enroll`,
    {
      bodyLimit: bodyLimitBytes,
      schema: {
        tags: ["agents"],
        security: open,
        operationId: "agents.enroll",
        summary: "Exchange an enrolment token for a certificate",
        body: Type.Object({
          token: Type.String({ minLength: 1, maxLength: 256 }),
          hostname: Type.String(told),
          os: Type.String(told),
          arch: Type.String(told),
          version: Type.String({ ...told, description: "Of the agent" }),
          docker_version: Type.Optional(Type.String(told)),
          csr: Type.Optional(
            Type.String({
              description:
                "A certificate request (PKCS #10, PEM): then the key stays where it was made, and is not in the answer",
            }),
          ),
        }),
        response: {
          200: Type.Object({
            agent_id: Type.String(),
            agent_name: Type.String(),
            client_cert: Type.String({ description: "PEM, good for a year" }),
            client_key: Type.String({ description: "PEM; empty, if the machine has made its own" }),
            ca_cert: Type.String({ description: "PEM: what the agent trusts, and nothing else" }),
            agent_url: Type.String({ description: "Where it connects" }),
          }),
          ...errorReplies(400, 401, 413, 422),
        },
      },
    },
    async (request) => {
      const { token, version: agentVersion, docker_version: dockerVersion, csr, ...facts } = request.body;
      const { agentUrl } = await urlsFor(request, agents);
      const given = { ...facts, agentVersion, dockerVersion, request: csr, address: request.ip };
      const { host, certificate, key, authority } = await agents.enrolment.enrol(token, given);
      await agents.changed(host.id);
      const actor = { userId: null, username: `host ${host.name} (${host.id})` };
      await trail.record(request, actor, { action: "agent.enroll", target: host.id, outcome: "done" });
      return {
        ...{ agent_id: host.id, agent_name: host.name, agent_url: agentUrl },
        ...{ client_cert: certificate, client_key: key ?? "", ca_cert: authority },
      };
    },
  );
}
