/** `ws/events`: what happens, as it happens. Who reads slowly holds nobody up: it is told that it has missed something. */
import type { Reach } from "../../../containers/docker-hosts.ts";
import type { FleetFeed } from "../../../containers/streams/fleet-feed.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { SocketChannel } from "../../../platform/http/socket-channel.ts";
import { reachOf } from "../guards.ts";
import { basePath } from "../schemas.ts";
import { ignoreInput } from "./hold.ts";
import {
  aboutSocket,
  requireUpgrade,
  type SocketTools,
  socketReplies,
  TicketQuery,
  tellAsJson,
} from "./socket-routes.ts";
import { fleetEventToWire } from "./words.ts";

/** What waits for a reader. */
const mostWaiting = 1_000;

export function registerEventSocket(app: ApiInstance, { guard, hold }: SocketTools, feed: FleetFeed): void {
  app.get(
    `${basePath}/ws/events`,
    {
      onRequest: guard("read"),
      schema: {
        ...aboutSocket,
        operationId: "ws.events",
        summary: "Hear what happens in the fleet, over a WebSocket",
        description:
          "Messages of JSON: what engines tell (`source` is `docker`), changes of stacks' files (`stacks`) and what the server does (`dockmesh`). Who reads " +
          "too slowly misses some, and is told so (`events.lost`).",
        querystring: TicketQuery,
        response: socketReplies,
      },
    },
    async (request, reply) => {
      requireUpgrade(request);
      await hold(request, reply, { permission: "read", tell: tellAsJson }, (channel, gone) => {
        void ignoreInput(channel);
        return tellEvents(channel, gone, { feed, reach: reachOf(request) });
      });
    },
  );
}

export async function tellEvents(
  channel: SocketChannel,
  gone: AbortSignal,
  { feed, reach }: { feed: FleetFeed; reach: Reach },
): Promise<void> {
  const waiting: object[] = [];
  let hasLost = false;
  let next = Promise.withResolvers<void>();
  using _subscription = feed.subscribe(reach, (event) => {
    if (waiting.length >= mostWaiting) hasLost = true;
    else waiting.push(fleetEventToWire(event));
    next.resolve();
  });
  gone.addEventListener("abort", () => next.resolve(), { once: true });

  while (!gone.aborted) {
    const event = waiting.shift();
    if (event) await channel.send(JSON.stringify(event));
    else if (hasLost) {
      hasLost = false;
      await channel.send(JSON.stringify({ source: "dockmesh", type: "events.lost" }));
    } else {
      next = Promise.withResolvers<void>();
      await next.promise;
    }
  }
}
