/** `ws/stats`: what a container uses, about every second. */
import { openContainerStats } from "../../../containers/streams/stats.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { basePath } from "../schemas.ts";
import { ignoreInput } from "./hold.ts";
import {
  aboutSocket,
  ContainerPath,
  ContainerQuery,
  type SocketTools,
  socketReplies,
  tellAsJson,
  untilGone,
} from "./socket-routes.ts";
import { usageToWire } from "./words.ts";

export function registerStatsSocket(app: ApiInstance, { guard, hold, engineOf }: SocketTools): void {
  app.get(
    `${basePath}/ws/stats/:id`,
    {
      onRequest: guard("read"),
      schema: {
        ...aboutSocket,
        operationId: "ws.stats",
        summary: "Watch what a container uses, over a WebSocket",
        description: "A message of JSON about every second.",
        params: ContainerPath,
        querystring: ContainerQuery,
        response: socketReplies,
      },
    },
    async (request, reply) => {
      using stats = await openContainerStats(engineOf(request, request.query), request.params.id);
      await hold(request, reply, { permission: "read", tell: tellAsJson }, (channel, gone) => {
        void ignoreInput(channel);
        return untilGone(gone, stats, async () => {
          for await (const usage of stats.usages) await channel.send(JSON.stringify(usageToWire(usage)));
        });
      });
    },
  );
}
