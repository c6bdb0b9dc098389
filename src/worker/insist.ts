/** Asks a coordinator until it answers: one that is away, for however long, costs nothing but waiting. */
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../platform/backoff.ts";
import { isYardError, YardError, type YardErrorCode } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import type { Call, CoordinatorHttp, Reply } from "./http.ts";
import { asJson } from "./wire.ts";

/** Resolves with an answer that is neither a failure of the server nor a request to come later.
 *  @throws {YardError} unauthenticated, forbidden, not_found, … as the coordinator says; the reason of the call's signal */
export type Insist = (call: Call) => Promise<Reply>;

const backoff = { baseMs: 200, maxMs: 10_000 };
/** Never at once: a server that fails is not asked again in a tight loop. */
const leastWaitMs = 50;
const longestWaitMs = 60_000;

export function createInsist(http: CoordinatorHttp, log: Pick<Log, "info" | "warn">): Insist {
  /** Calls that are being tried again: told of once, not by each of them. */
  let failing = 0;

  async function tryUntilAnswered(call: Call): Promise<Reply> {
    let failures = 0;
    try {
      for (;;) {
        const result = await attempt(http, call);
        if ("reply" in result) return result.reply;
        if (failures++ === 0 && failing++ === 0) log.warn({ err: result.error }, "the coordinator does not answer");
        const waitMs = Math.max(leastWaitMs, backoffMs(failures, backoff), result.retryAfterMs ?? 0);
        await delay(waitMs, undefined, { signal: call.signal });
      }
    } catch (error) {
      call.signal?.throwIfAborted();
      throw error;
    } finally {
      if (failures > 0 && --failing === 0 && !call.signal?.aborted) log.info("the coordinator answers again");
    }
  }

  return async (call) => {
    const reply = await tryUntilAnswered(call);
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw refusal(reply);
  };
}

type Attempt = { readonly reply: Reply } | { readonly error: unknown; readonly retryAfterMs?: number };

async function attempt(http: CoordinatorHttp, call: Call): Promise<Attempt> {
  try {
    const reply = await http.request(call);
    if (reply.status < 500 && reply.status !== 429) return { reply };
    return { error: refusal(reply), retryAfterMs: retryAfterMs(reply) };
  } catch (error) {
    const isPassing = ["unavailable", "interrupted", "timeout"].some((code) =>
      isYardError(error, code as YardErrorCode),
    );
    if (!isPassing) throw error;
    return { error };
  }
}

function retryAfterMs({ headers }: Reply): number | undefined {
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, longestWaitMs) : undefined;
}

const codes: Readonly<Record<number, YardErrorCode>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  422: "invalid",
  429: "too_many",
  503: "unavailable",
};

/** What a refusal means, in its own words if it has some. */
export function refusal({ status, text }: Pick<Reply, "status" | "text">): YardError {
  const body = asJson(text);
  const said = typeof body === "object" && body !== null && "msg" in body ? body.msg : undefined;
  const words = typeof said === "string" && said !== "" ? said.slice(0, 500) : `status ${status}`;
  return new YardError(codes[status] ?? "internal", `The coordinator refuses: ${words}`);
}
