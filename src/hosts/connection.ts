/** The connection to one host's agent: an HTTP/2 session over whatever duplex carries it, which comes back by itself.
 *
 *  | state | leaves it when | to |
 *  | --- | --- | --- |
 *  | connecting | the agent has answered `/v1/info` in our protocol | connected |
 *  | connecting | the transport or the agent failed: wait (platform/backoff.ts), then again | connecting |
 *  | connected | the session ended, or the agent left two pings in a row unanswered | connecting; closed if it was retired |
 *  | any | it is disposed | closed |
 */
import { type ClientHttp2Session, connect as openSession } from "node:http2";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type AgentInfo, protocolVersion } from "../agent/protocol.ts";
import { type Backoff, backoffMs } from "../platform/backoff.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { cutOff, exchange, readJson } from "./exchange.ts";
import type { HostLog } from "./log.ts";
import { parseInfo, parseProtocol } from "./replies.ts";
import { createUnblockedTransport } from "./unblocked-transport.ts";

export interface ConnectionParts {
  /** Of the host, for messages. */
  readonly name: string;
  /** Opens the transport to the agent, or waits for the agent to open it. */
  connect(signal: AbortSignal): Promise<Duplex>;
  /** The agent runs on this machine. */
  readonly isLocal?: boolean;
  /** How long that may take; for ever, where it is the agent that dials. */
  readonly connectTimeoutMs?: number;
  /** Why there can be no connection now, where that is known: callers are told so at once, and do not wait for one. */
  away?(): string | undefined;
  readonly log: HostLog;
  readonly backoff?: Backoff;
  /** A call made while there is no connection waits this long for one. */
  readonly waitMs?: number;
  readonly pingMs?: number;
}

export interface AgentConnection extends AsyncDisposable {
  readonly name: string;
  /** The agent runs on this machine: its numbers of processes and descriptors mean something here. */
  readonly isLocal: boolean;
  readonly connected: boolean;
  /** As the agent said when it was last connected. */
  readonly info: AgentInfo | undefined;
  /** Aborted once the connection is disposed: background loops end. */
  readonly closed: AbortSignal;
  /** The live session, waiting for one if need be.
   *  @throws {YardError} unavailable, after `waitMs`; precondition, if the agent speaks another version of the protocol */
  session(options?: { waitMs?: number; signal?: AbortSignal }): Promise<ClientHttp2Session>;
  /** The agent is about to be ended: the session that there is serves on until then, its end is no fault, and none follows it. */
  retire(): void;
}

/** Measured over a Unix socket: 1.5 GB/s and 0.15 ms a call with these; Node's defaults (64 KiB windows) give a tenth of it. */
const streamWindowBytes = 8 * 1024 * 1024;
const sessionWindowBytes = 32 * 1024 * 1024;
const maxFrameBytes = 1024 * 1024;
/** Node counts what waits in streams against the session, in MB: it must hold more than the windows let in. */
const maxSessionMemoryMB = 128;

const connectMs = 30_000;
const handshakeTimeoutMs = 10_000;
/** A session that lived this long was a good one: the next failure counts as the first. */
const settledMs = 1_000;

export function openConnection(parts: ConnectionParts): AgentConnection {
  const { name, log, backoff = { baseMs: 100, maxMs: 2_000 }, waitMs = 5_000, pingMs = 10_000 } = parts;
  const { connectTimeoutMs = connectMs, isLocal = false } = parts;
  const closing = new AbortController();
  let live: ClientHttp2Session | undefined;
  let info: AgentInfo | undefined;
  let failure: unknown;
  let retired = false;
  /** Settles with the next session, or with none when waiting for one is in vain; then there is a new one. */
  let next = Promise.withResolvers<ClientHttp2Session | undefined>();

  async function establish(): Promise<ClientHttp2Session> {
    const isBounded = Number.isFinite(connectTimeoutMs);
    const limit = isBounded ? AbortSignal.any([closing.signal, AbortSignal.timeout(connectTimeoutMs)]) : closing.signal;
    const transport = await parts.connect(limit);
    const { signal } = closing;
    const session = openSession("http://agent", {
      createConnection: () => createUnblockedTransport(transport),
      maxSessionMemory: maxSessionMemoryMB,
      settings: { initialWindowSize: streamWindowBytes, maxFrameSize: maxFrameBytes, enablePush: false },
    });
    session.on("error", (error) => {
      if (session === live) failure = error; // it closes next, which is what the loop waits for
    });
    // Streams without end would hold the session open. Answers that arrived together with the word of leaving are read first.
    session.on("goaway", () => setImmediate(() => cutOff(session, "the agent is leaving")));
    try {
      session.once("connect", () => {
        if (!session.destroyed) session.setLocalWindowSize(sessionWindowBytes);
      });
      const reply = await exchange(
        session,
        { method: "GET", path: "/v1/info", timeoutMs: handshakeTimeoutMs, signal },
        name,
      );
      requireOurProtocol(name, readJson(reply, parseProtocol).protocol);
      info = readJson(reply, parseInfo);
      return session;
    } catch (error) {
      cutOff(session, "the agent is not fit to talk to");
      throw error;
    }
  }

  /** From now on callers wait for the next session. Also called as soon as a caller meets a dead one: its `close` event comes later. */
  function lose(): void {
    if (!live) return;
    live = undefined;
    next = Promise.withResolvers();
  }

  function wakeInVain(): void {
    next.resolve(undefined);
    next = Promise.withResolvers();
  }

  async function keepConnected(): Promise<void> {
    for (let failures = 0; !closing.signal.aborted; ) {
      try {
        const session = await establish();
        const since = performance.now();
        live = session;
        failure = undefined;
        next.resolve(session);
        await endOf(session, pingMs);
        if (retired) closing.abort();
        if (performance.now() - since >= settledMs) failures = 0;
        failure ??= new Error("the connection was closed");
      } catch (error) {
        failure = error;
        if (isYardError(error, "precondition")) wakeInVain();
      }
      lose();
      failures++;
      if (closing.signal.aborted) return;
      log.warn({ host: name, err: failure, failures }, "no connection to the agent; connecting again");
      await delay(backoffMs(failures, backoff), undefined, { signal: closing.signal }).catch(() => {}); // closing is not an error
    }
  }

  const loop = keepConnected();

  return {
    name,
    isLocal,
    closed: closing.signal,
    get connected() {
      return live !== undefined;
    },
    get info() {
      return info;
    },

    async session(options = {}) {
      if (live?.destroyed || live?.closed) lose();
      if (live) return live;
      if (isYardError(failure, "precondition")) throw failure;
      const away = parts.away?.();
      if (away !== undefined) throw new YardError("unavailable", away, { retryAfterMs: waitMs });
      const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
      const session = await within(next.promise, options.waitMs ?? waitMs, signal);
      if (session) return session;
      if (options.signal?.aborted) throw new YardError("interrupted", `the call to host ${name} was given up`);
      if (closing.signal.aborted) throw new YardError("unavailable", `the yard has let go of host ${name}`);
      if (isYardError(failure, "precondition")) throw failure;
      const reason = failure instanceof Error ? `: ${failure.message}` : "";
      throw new YardError("unavailable", `the agent of host ${name} does not answer${reason}. Try again shortly.`, {
        cause: failure,
        retryAfterMs: waitMs,
      });
    },

    retire() {
      retired = true;
      if (!live) closing.abort();
    },

    async [Symbol.asyncDispose]() {
      closing.abort();
      if (live) cutOff(live, "the yard closed the connection");
      await loop;
    },
  };
}

function requireOurProtocol(name: string, theirs: number): void {
  if (theirs === protocolVersion) return;
  const older = theirs < protocolVersion ? "agent" : "yard";
  throw new YardError(
    "precondition",
    `the agent of host ${name} speaks version ${theirs} of the protocol, this yard version ${protocolVersion}: upgrade the ${older}`,
  );
}

/** Resolves when the session has ended; ends it itself when the far side is silent: a half-open connection closes by itself only after minutes. */
async function endOf(session: ClientHttp2Session, pingMs: number): Promise<void> {
  if (session.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  session.once("close", resolve);
  let unanswered = 0;
  using _pinging = setInterval(() => {
    if (unanswered >= 2) cutOff(session, "the agent does not answer pings");
    else if (session.ping(() => (unanswered = 0))) unanswered++;
  }, pingMs);
  await promise;
}

/** The value, or undefined if the time passes or the signal aborts first. */
async function within<T>(promise: Promise<T>, waitMs: number, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const { promise: given, resolve } = Promise.withResolvers<undefined>();
  const giveUp = () => resolve(undefined);
  signal.addEventListener("abort", giveUp, { once: true });
  using _timer = Number.isFinite(waitMs) ? setTimeout(giveUp, waitMs) : undefined;
  try {
    return await Promise.race([promise, given]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
