/** What hosts ask for themselves: to be let in, to be known to live, to stay let in. */
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { hostIdOf } from "../guards.ts";
import { HostReply, hostToWire } from "../host-words.ts";
import { idFromWire } from "../ids.ts";
import type { HostParts } from "../parts.ts";
import { hostSecurity, IdPath, NoContent } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Hosts"] };
const Count = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });
const Credentials = Type.Object({
  host: HostReply,
  token: Type.String({ description: "To be sent as X-Host-Token; good for seven days" }),
  refresh_token: Type.String({ description: "64 hex digits, good once and for sixty days" }),
});

export function registerHostAgentRoutes(
  app: ApiInstance,
  { hosts: { enrolment, liveness }, loginRate }: HostParts,
  { guards, trail }: Toolbox,
): void {
  app.post(
    "/v1/hosts/register",
    {
      ...credentialLimit(loginRate),
      schema: {
        ...about,
        operationId: "registerHost",
        summary: "Become the host that a registration token was made for",
        security: [],
        body: Type.Object({
          token: Type.String({ minLength: 1, description: "Used up whatever comes of it" }),
          address: Type.String({ minLength: 1, maxLength: 255, description: "Of the host's agent" }),
          arch: Type.Optional(Type.String({ maxLength: 64 })),
          cpu_cores: Type.Optional(Count),
          memory_mb: Type.Optional(Count),
          disk_gb: Type.Optional(Count),
        }),
        response: { 201: Credentials, ...errorReplies(...bodyStatuses, 401, 404, 429) },
      },
    },
    async (request, reply) => {
      const { token, address, arch, cpu_cores: cpuCores, memory_mb: memoryMb, disk_gb: diskGb } = request.body;
      const diskMb = diskGb === undefined ? undefined : diskGb * 1_024;
      const registered = await enrolment.register(token, { address, arch, cpuCores, memoryMb, diskMb });
      const actor = { userId: null, username: `host ${registered.host.name}` };
      await trail.record(request, actor, { action: "host.register", target: registered.host.id, outcome: "done" });
      return reply.code(201).send(credentialsToWire(registered));
    },
  );

  app.post(
    "/v1/hosts/:id/heartbeat",
    {
      onRequest: guards.host(),
      schema: {
        ...about,
        operationId: "hostHeartbeat",
        summary: "Say that the host is there",
        security: hostSecurity,
        params: IdPath,
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const id = idFromWire("host", request.params.id);
      if (id !== hostIdOf(request)) throw new YardError("forbidden", "The token is another host's.");
      await liveness.heard([id]);
      return reply.code(204).send();
    },
  );

  app.post(
    "/v1/hosts/auth/refresh",
    {
      ...credentialLimit(loginRate),
      schema: {
        ...about,
        operationId: "refreshHostToken",
        summary: "Exchange a refresh token for the next pair of tokens",
        security: [],
        body: Type.Object({ refresh_token: Type.String({ minLength: 1 }) }),
        response: { 200: Credentials, ...errorReplies(...bodyStatuses, 401, 429) },
      },
    },
    async (request) => credentialsToWire(await enrolment.refresh(request.body.refresh_token)),
  );
}

type HostCredentials = Awaited<ReturnType<HostParts["hosts"]["enrolment"]["register"]>>;

function credentialsToWire({ host, token, refreshToken }: HostCredentials) {
  return { host: hostToWire(host), token, refresh_token: refreshToken };
}
