/** `ws/logs`: what a container prints, a message of text for each line. */
import { Type } from "typebox";
import { openContainerLog } from "../../../containers/streams/logs.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { basePath } from "../schemas.ts";
import { ignoreInput } from "./hold.ts";
import {
  aboutSocket,
  ContainerPath,
  ContainerQuery,
  type SocketTools,
  socketReplies,
  untilGone,
} from "./socket-routes.ts";

const usualTail = 100;

export function registerLogSocket(app: ApiInstance, { guard, hold, engineOf }: SocketTools): void {
  app.get(
    `${basePath}/ws/logs/:id`,
    {
      onRequest: guard("read"),
      schema: {
        ...aboutSocket,
        operationId: "ws.logs",
        summary: "Follow what a container prints, over a WebSocket",
        description: "A message of text for each line, with its time before it. It ends with the container.",
        params: ContainerPath,
        querystring: Type.Object({
          ...ContainerQuery.properties,
          tail: Type.Optional(Type.String({ description: "Lines of the past, or `all`; 100 if absent" })),
          follow: Type.Optional(Type.String({ description: "`0` or `false`: those alone" })),
          since: Type.Optional(
            Type.String({ description: "Seconds since 1970, as `1700000000.123456789`: nothing from before that" }),
          ),
        }),
        response: socketReplies,
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const follow = query.follow !== "0" && query.follow !== "false";
      const wanted = { tail: tailOf(query.tail), follow, since: sinceOf(query.since) };
      using log = await openContainerLog(engineOf(request, query), params.id, wanted);
      await hold(request, reply, { permission: "read", tell: (message) => `error: ${message}` }, (channel, gone) => {
        void ignoreInput(channel);
        return untilGone(gone, log, async () => {
          for await (const lines of log.lines) await channel.sendLines(lines);
        });
      });
    },
  );
}

/** @throws {YardError} invalid (`tail`) */
function tailOf(text: string | undefined): number | "all" {
  if (text === undefined || text === "") return usualTail;
  if (text === "all") return text;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new YardError("invalid", "is `all`, or a number of lines", { field: "tail" });
}

/** @throws {YardError} invalid (`since`) */
function sinceOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return text;
  throw new YardError("invalid", "is a number of seconds since 1970", { field: "since" });
}
