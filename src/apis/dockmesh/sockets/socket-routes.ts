/** What the routes of WebSockets share. */
import { Type } from "typebox";
import type { Engine } from "../../../platform/docker/engine.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiRequest } from "../../../platform/http/api.ts";
import { asksForWebSocket } from "../../../platform/http/websockets.ts";
import { errorReplies } from "../errors.ts";
import { bearer, HostQuery } from "../schemas.ts";
import type { SocketGuard } from "./guard.ts";
import type { Hold } from "./hold.ts";

export interface SocketTools {
  readonly guard: SocketGuard;
  readonly hold: Hold;
  /** Of the host that is named. @throws {YardError} invalid: nobody asks for a WebSocket; forbidden, unavailable */
  engineOf(request: ApiRequest, query: { readonly host?: string }): Engine;
}

export const aboutSocket = { tags: ["containers"], security: bearer };

export const TicketQuery = Type.Object({
  ticket: Type.Optional(Type.String({ description: "Of POST /ws/ticket; else a token in the header Authorization" })),
});
export const ContainerPath = Type.Object({ id: Type.String({ description: "An id, its beginning, or a name" }) });
export const ContainerQuery = Type.Object({ ...HostQuery.properties, ...TicketQuery.properties });

export const socketReplies = {
  101: Type.Unsafe<undefined>({ type: "null", description: "The connection is a WebSocket from now on" }),
  ...errorReplies(400, 401, 403, 404, 409, 503),
};

export const tellAsJson = (message: string) => JSON.stringify({ error: message });

/** @throws {YardError} invalid: before anything is started for nothing */
export function requireUpgrade({ raw }: ApiRequest): void {
  if (asksForWebSocket(raw)) return;
  throw new YardError("invalid", "a WebSocket is served here: ask for the upgrade to one", { field: "Upgrade" });
}

/** Whoever waits for a stream need not wait any more when nobody is there to be told. */
export async function untilGone(gone: AbortSignal, stream: Disposable, work: () => Promise<void>): Promise<void> {
  gone.addEventListener("abort", () => stream[Symbol.dispose](), { once: true });
  if (gone.aborted) return;
  try {
    await work();
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}
