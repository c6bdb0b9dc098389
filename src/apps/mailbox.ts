/** One app's mailbox: at most one request that waits for its reply, and at most one worker that waits for a request.
 *
 *    empty ──send──▶ pending ──reply by the process that fetched it──▶ empty
 *    pending ──its sender leaves or is late, it is displaced, cancelled, or closed──▶ empty (the sender is told why)
 *
 *  Fetching takes nothing out: a process that dies over a request leaves it for the next one, and each fetch of it hands it out again.
 *  A reply names no request, so it can only mean the one that its process fetched last: `fetchedBy` says who may answer the pending
 *  request, and begins anew with each. What was worked out for an earlier request never answers a later one. */
import { YardError, type YardErrorCode } from "../platform/errors.ts";
import { after } from "../platform/timers.ts";

export interface SendOptions {
  /** Absent: as long as the sender stays. */
  readonly timeoutMs?: number;
  /** Aborted when the sender leaves. */
  readonly signal: AbortSignal;
}

export interface FetchOptions {
  readonly timeoutMs: number;
  /** Aborted when the worker leaves. */
  readonly signal: AbortSignal;
}

export interface MessageState {
  /** Requests that were sent so far. */
  readonly count: number;
  /** `busy`: a request is pending, `idle`: a worker waits for one, empty: neither. */
  readonly status: "busy" | "idle" | "";
}

export interface Mailbox {
  readonly state: MessageState;
  /** Displaces the request that is pending.
   *  @returns the reply
   *  @throws {YardError} timeout; interrupted (displaced, cancelled, the app was stopped, the sender left) */
  send(bytes: Buffer, options: SendOptions): Promise<Buffer>;
  /** Displaces the worker that waits. `runId` says which process asks.
   *  @returns the pending request, or undefined if none came in time, or before the worker left
   *  @throws {YardError} unavailable (displaced); precondition (another process has taken its place) */
  fetch(runId: string, options: FetchOptions): Promise<Buffer | undefined>;
  /** @returns whether it reached a sender: not if that process fetched nothing, or what it fetched is not pending any more */
  reply(runId: string, bytes: Buffer): boolean;
  /** Ends the pending request. @returns whether there was one */
  interrupt(reason: string): boolean;
  /** Sends a waiting worker away, unless it is this process. */
  admitOnly(runId: string | undefined): void;
}

interface Request {
  readonly bytes: Buffer;
  readonly replied: PromiseWithResolvers<Buffer>;
}

interface Worker {
  readonly runId: string;
  readonly served: PromiseWithResolvers<Buffer | undefined>;
}

/** @param name of the app, for messages */
export function createMailbox(name: string): Mailbox {
  let pending: Request | undefined;
  let fetchedBy: string | undefined;
  let worker: Worker | undefined;
  let count = 0;

  function fail(request: Request | undefined, code: YardErrorCode, message: string): boolean {
    if (!request || request !== pending) return false;
    forget();
    request.replied.reject(new YardError(code, message));
    return true;
  }

  /** The one way out of the mailbox, for whoever settles the request: so nobody settles it twice. */
  function forget(): void {
    pending = undefined;
    fetchedBy = undefined;
  }

  function release(): Worker | undefined {
    const released = worker;
    worker = undefined;
    return released;
  }

  return {
    get state(): MessageState {
      return { count, status: pending ? "busy" : worker ? "idle" : "" };
    },

    async send(bytes, { timeoutMs, signal }) {
      fail(pending, "interrupted", `another message to ${name} has taken the place of this one`);
      const request: Request = { bytes, replied: Promise.withResolvers() };
      const leave = () => void fail(request, "interrupted", "the sender left, or the yard is stopping");
      const expire = () => void fail(request, "timeout", `${name} has not replied within ${timeoutMs! / 1_000} s`);
      pending = request;
      count += 1;
      if (signal.aborted) leave();
      signal.addEventListener("abort", leave);
      using _deadline = timeoutMs === undefined ? undefined : after(timeoutMs, expire);
      if (pending && worker) {
        fetchedBy = worker.runId;
        release()?.served.resolve(bytes);
      }
      try {
        return await request.replied.promise;
      } finally {
        signal.removeEventListener("abort", leave);
      }
    },

    async fetch(runId, { timeoutMs, signal }) {
      release()?.served.reject(
        new YardError("unavailable", `a later fetch for ${name} has taken the place of this one`),
      );
      if (signal.aborted) return undefined;
      if (pending) {
        fetchedBy = runId;
        return pending.bytes;
      }
      const waiting: Worker = { runId, served: Promise.withResolvers() };
      const leave = () => {
        if (worker === waiting) release();
        waiting.served.resolve(undefined);
      };
      worker = waiting;
      signal.addEventListener("abort", leave);
      using _deadline = after(timeoutMs, leave);
      try {
        return await waiting.served.promise;
      } finally {
        signal.removeEventListener("abort", leave);
      }
    },

    reply(runId, bytes) {
      const request = pending;
      if (!request || fetchedBy !== runId) return false;
      forget();
      request.replied.resolve(bytes);
      return true;
    },

    interrupt: (reason) => fail(pending, "interrupted", reason),

    admitOnly(runId) {
      if (!worker || worker.runId === runId) return;
      const message = `this process of ${name} has ended, or another one has taken its place`;
      release()?.served.reject(new YardError("precondition", message));
    },
  };
}
