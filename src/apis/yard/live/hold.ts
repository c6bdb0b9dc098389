/** One connection, from the upgrade to its end, which comes at the latest with the end of the right to it. */
import { YardError } from "../../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { createSocketChannel } from "../../../platform/http/socket-channel.ts";
import { acceptWebSocket, asksForWebSocket } from "../../../platform/http/websockets.ts";
import { every } from "../../../platform/timers.ts";
import { maySee } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { principalOf } from "../guard.ts";
import { judge } from "./authority.ts";
import { converse } from "./conversation.ts";
import type { LiveHub } from "./hub.ts";

const recheckMs = 3_000;
const maxMessageBytes = 16 * 1024;
const mostPerUser = 50;
/** Of connections that end with the right to them, in the range that is applications' own. */
const closeCodes = { "session ended": 4401, "rights changed": 4403 } as const;

type HoldParts = Pick<ConsoleParts, "access" | "tickets" | "clock">;

/** @returns what handles such a request, until its connection has ended */
export function createHold({ access, tickets, clock }: HoldParts, hub: LiveHub) {
  const seats = new Map<string, number>();

  function takeSeat(userId: string): Disposable {
    const taken = seats.get(userId) ?? 0;
    if (taken >= mostPerUser)
      throw new YardError("too_many", `${taken} connections are open already: close some first.`);
    seats.set(userId, taken + 1);
    return {
      [Symbol.dispose]() {
        const left = (seats.get(userId) ?? 1) - 1;
        if (left > 0) seats.set(userId, left);
        else seats.delete(userId);
      },
    };
  }

  return async (request: ApiRequest, reply: ApiReply): Promise<void> => {
    if (!asksForWebSocket(request.raw))
      throw new YardError("invalid", "a WebSocket is served here: ask for the upgrade to one", { field: "Upgrade" });
    const principal = principalOf(request);
    const viewer = await access.viewer(principal);
    using _seat = takeSeat(principal.userId);
    const socket = acceptWebSocket(request, reply, { maxMessageBytes });
    if (!socket) return;
    const channel = createSocketChannel(socket);
    await using _recheck = every(recheckMs, async () => {
      const verdict = await judge(principal, tickets.again);
      if (verdict !== "goes on") channel.close(closeCodes[verdict], verdict);
    });
    await converse({
      ...{ channel, viewer, hub },
      maySee: (topic) => maySee(access, principal, topic),
      now: clock.now,
    });
  };
}
