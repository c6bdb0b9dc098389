/** One socket, from its first frame to its last: who it is, the capsule it is about, then what its kind of socket does. */
import type { Capsules, Inside } from "../../../capsules/capsule.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { SocketChannel, SocketMessage } from "../../../platform/http/socket-channel.ts";
import { every } from "../../../platform/timers.ts";
import type { Caller } from "../callers.ts";
import type { Guards } from "../guards.ts";
import type { Seats } from "../seats.ts";
import { readAuth } from "./frames.ts";

/** What comes, one message after the other. */
export interface Incoming {
  /** @returns undefined when the client has left. @throws {YardError} timeout */
  next(timeoutMs: number): Promise<SocketMessage | undefined>;
  /** What is still to come. */
  readonly rest: AsyncIterable<SocketMessage>;
}

/** @throws {YardError} as the guards do */
export type Admit = () => Promise<Caller>;

export interface Conversation {
  readonly caller: Caller;
  readonly inside: Inside;
  readonly incoming: Incoming;
  send(frame: object): Promise<void>;
  /** As they are, in a binary message. */
  sendBytes(bytes: Buffer): Promise<void>;
  /** Aborted when the connection has ended, or nothing may go on. */
  readonly closed: AbortSignal;
}

export interface ConversationParts {
  readonly channel: SocketChannel;
  /** Asks again who it is, of whoever has shown a credential with the request. */
  readonly admit: Admit | undefined;
  readonly capsuleId: string;
  readonly capsules: Pick<Capsules, "enter">;
  readonly guards: Pick<Guards, "admitToken">;
  readonly seats: Seats;
  /** Of those that nobody knows yet who they are. */
  readonly unknown: Seats;
  /** Beside the message of an error that ends it. */
  readonly fatal: object;
  readonly report: (error: unknown) => void;
}

const authenticationMs = 5_000;
const recheckMs = 4_000;
const refusals: ReadonlySet<string> = new Set(["unauthenticated", "forbidden", "not_found", "locked"]);
const normalClosure = 1000;

/** Holds it. What fails is told in a last frame; the connection is closed in any case. */
export async function converse(parts: ConversationParts, talk: (with_: Conversation) => Promise<void>): Promise<void> {
  const { channel, capsuleId, capsules, guards, seats, unknown, fatal, report } = parts;
  const send = (frame: object) => channel.send(JSON.stringify(frame));
  const refused = new AbortController();
  const incoming = incomingOf(channel, refused.signal);
  const closed = AbortSignal.any([channel.closed, refused.signal]);
  /** A session that has ended, a key that was removed, a user who was locked: sockets live longer than what let them in. */
  function endIfRefused(error: unknown): void {
    if (!isYardError(error) || !refusals.has(error.code) || refused.signal.aborted) return;
    void send({ type: "error", data: error.message, ...fatal }); // not waited for: whoever does not read would stay
    channel.close(normalClosure);
    refused.abort("refused");
  }
  try {
    const admit = parts.admit ?? (await authenticate(incoming, { guards, unknown }));
    if (!admit) return;
    const caller = await admit();
    using _seat = seats.take(caller.teamId);
    const inside = await capsules.enter(caller.teamId, capsuleId);
    await using _recheck = every(recheckMs, () => admit().then(() => {}, endIfRefused));
    await talk({ caller, inside, incoming, send, sendBytes: channel.send, closed });
  } catch (error) {
    if (!isYardError(error) || error.code === "internal") report(error);
    const message = isYardError(error) ? error.message : "Something went wrong here; the server's log tells more.";
    await send({ type: "error", data: message, ...fatal });
  } finally {
    channel.close(normalClosure);
  }
}

/** Browsers cannot send headers with the request for a socket: their first frame is the token. */
async function authenticate(
  incoming: Incoming,
  { guards, unknown }: Pick<ConversationParts, "guards" | "unknown">,
): Promise<Admit | undefined> {
  using _seat = unknown.take("everybody");
  try {
    const message = await incoming.next(authenticationMs);
    if (message === undefined) return undefined;
    const frame = readAuth(message);
    if (!frame) throw new YardError("unauthenticated", "The first frame holds no token.");
    const admit = () => guards.admitToken(frame.token, "capsules.run");
    await admit();
    return admit;
  } catch (cause) {
    throw new YardError("unauthenticated", "authentication failed", { cause });
  }
}

/** @param refused from then on nothing is taken from it, though it may still send until it has said goodbye */
function incomingOf(channel: SocketChannel, refused: AbortSignal): Incoming {
  const messages = channel[Symbol.asyncIterator]();
  async function* rest(): AsyncGenerator<SocketMessage, void, undefined> {
    for await (const message of { [Symbol.asyncIterator]: () => messages }) {
      if (!refused.aborted) yield message;
    }
  }
  return {
    async next(timeoutMs) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const message = `No frame has come within ${timeoutMs / 1_000} seconds.`;
      using _limit = setTimeout(() => reject(new YardError("timeout", message)), timeoutMs);
      const { value, done } = await Promise.race([messages.next(), late]);
      return done ? undefined : value;
    },
    rest: { [Symbol.asyncIterator]: rest },
  };
}
