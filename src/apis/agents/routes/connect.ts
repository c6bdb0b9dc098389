/** The way in: a WebSocket that carries HTTP/2, served by the agent. */
import type { X509Certificate } from "node:crypto";
import { Type } from "typebox";
import type { WebSocket } from "ws";
import { badCertificate } from "../../../hosts/certificates/certificate-enrolment.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { acceptWebSocket } from "../../../platform/http/websockets.ts";
import { removedHeader, tunnelSocketOptions, tunnelStream } from "../../../platform/tunnel-stream.ts";
import { errorReplies } from "../errors.ts";
import type { AgentsParts } from "../parts.ts";
import { certificateOf } from "../shown-certificate.ts";

export function registerConnectRoute(app: ApiInstance, { certificates, fleet }: AgentsParts): void {
  app.get(
    "/connect",
    {
      schema: {
        operationId: "connectAgent",
        summary: "Connect an agent; the connection ends when it opens another",
        tags: ["Agents"],
        security: [],
        response: { 101: Type.Unsafe<undefined>({ type: "null" }), ...errorReplies(400, 401, 403) },
      },
    },
    async (request, reply) => {
      const certificate = certificateOf(request);
      const holder = await certificates.identify(certificate);
      if (holder.kind === "removed") reply.header(removedHeader, "removed");
      if (holder.kind !== "good") throw badCertificate(holder.kind);
      const socket = acceptWebSocket(request, reply, { maxMessageBytes: tunnelSocketOptions.maxPayload });
      if (!socket) return reply;
      try {
        await fleet.moor(holder.hostId, await tunnelStream(socket));
        await settle(socket, certificate);
      } catch (error) {
        socket.terminate(); // it is gone already, or the host is: nobody is left to be told
        request.log.info({ err: error, host: holder.hostName }, "the connection of an agent came to nothing");
      }
      return reply;
    },
  );

  /** Somebody may have revoked it since: who did so has cut the connections that there were, and this one was not among them. */
  async function settle(socket: WebSocket, certificate: X509Certificate): Promise<void> {
    const { kind } = await certificates.identify(certificate);
    if (kind === "good") await certificates.settle(certificate);
    else socket.terminate();
  }
}
