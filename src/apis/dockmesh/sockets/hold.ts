/** One WebSocket, from the upgrade to its close frame: clients take every other end for a failure. */
import { principalOf } from "../../../identity/admission.ts";
import type { Principal } from "../../../identity/principal.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { createSocketChannel, type SocketChannel } from "../../../platform/http/socket-channel.ts";
import { acceptWebSocket } from "../../../platform/http/websockets.ts";
import { every } from "../../../platform/timers.ts";
import { holds, type WirePermission } from "../permissions.ts";
import type { SocketSeats } from "./seats.ts";

export interface HoldParts {
  readonly seats: SocketSeats;
  /** Who they are by now. @throws {YardError} unauthenticated, once their session has ended */
  again(principal: Principal): Promise<Principal>;
}

export interface HoldOptions {
  readonly permission: WirePermission;
  /** How a failure is told, in a last frame of text. */
  tell(message: string): string;
}

/** @param gone aborted when there is nobody any more to talk to */
export type Talk = (channel: SocketChannel, gone: AbortSignal) => Promise<void>;
export type Hold = (request: ApiRequest, reply: ApiReply, options: HoldOptions, talk: Talk) => Promise<void>;

/** A frame holds what was typed or pasted. */
const maxMessageBytes = 1024 * 1024;
const recheckMs = 4_000;
const normalClosure = 1000;

export function createHold({ seats, again }: HoldParts): Hold {
  return async (request, reply, { permission, tell }, talk) => {
    const principal = principalOf(request);
    using _seat = seats.take(principal.userId);
    const socket = acceptWebSocket(request, reply, { maxMessageBytes });
    if (!socket) return;
    const channel = createSocketChannel(socket);
    const leaving = new AbortController();
    const gone = leaving.signal;
    channel.closed.addEventListener("abort", () => leaving.abort("closed"), { once: true });

    function end(error: unknown): void {
      if (gone.aborted) return;
      const isTold = isYardError(error) && error.code !== "internal";
      if (!isTold) request.log.error({ err: error, requestId: request.id }, "a WebSocket failed");
      const message = isTold ? error.message : "Something went wrong here; the server's log tells more.";
      void channel.send(tell(message)); // not waited for: whoever does not read would stay
      channel.close(normalClosure);
    }

    /** A session that has ended, a user who was locked or may less than before: sockets live longer than what let them in. */
    async function recheck(): Promise<void> {
      try {
        if (mayGoOn(principal, await again(principal), permission)) return;
        throw new YardError("forbidden", "Your rights have changed: connect again.");
      } catch (error) {
        if (!isYardError(error) || !refusals.has(error.code)) return; // nobody knows: it is asked again
        end(error);
        leaving.abort("refused");
      }
    }

    try {
      await using _recheck = every(recheckMs, recheck);
      await talk(channel, gone);
    } catch (error) {
      end(error);
    } finally {
      channel.close(normalClosure);
    }
  };
}

const refusals: ReadonlySet<string> = new Set(["unauthenticated", "forbidden", "not_found", "locked"]);

function mayGoOn(before: Principal, now: Principal, permission: WirePermission): boolean {
  const [tagsBefore, tagsNow] = [before.hostTags ?? [], now.hostTags ?? []];
  return holds(now, permission) && tagsBefore.join() === tagsNow.join();
}

/** For sockets whose clients have nothing to say: unread, it would hold up the connection. */
export async function ignoreInput(channel: SocketChannel): Promise<void> {
  for await (const _ of channel);
}
