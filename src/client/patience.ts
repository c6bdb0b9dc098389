/** A yard that is away for a moment: what runs on its hosts goes on, so a reader waits for it and reads on. */
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, isYardError } from "../platform/errors.ts";

export interface PatienceParts {
  /** Tells the person who waits what happens besides the output. */
  readonly notice: (text: string) => void;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** How long a yard may stay away. */
  readonly patienceMs: number;
  /** What to say when the yard has gone. */
  readonly lost?: string;
}

export interface Patience {
  /** The yard has answered. */
  found(): void;
  /** Waits until it is time for another try. @throws the error itself once the yard was away for too long */
  wait(error: unknown): Promise<void>;
}

/** Between two tries, and between two looks at something that is not there yet. */
export const retryMs = 500;

const usualLost = "lost the connection to the yard; waiting for it to come back, what runs goes on";

export function createPatience({ patienceMs, notice, signal, lost = usualLost }: PatienceParts): Patience {
  let lostAt: number | undefined;
  return {
    found() {
      if (lostAt !== undefined) notice("the yard is back");
      lostAt = undefined;
    },
    async wait(error) {
      if (lostAt === undefined) notice(lost);
      lostAt ??= performance.now();
      if (performance.now() - lostAt > patienceMs) throw error;
      await sleep(retryMs, undefined, { signal });
    },
  };
}

/** Whether the yard may be there again in a moment. While it restarts, the credential of its last life is unknown, too. */
export function isLost(error: unknown): boolean {
  if (isYardError(error)) return error.code === "unavailable" || error.code === "unauthenticated";
  return ["ECONNRESET", "EPIPE", "ECONNREFUSED", "ERR_STREAM_PREMATURE_CLOSE"].includes(errnoOf(error) ?? "");
}
