/** What is done while PostgreSQL is away: of all who need a connection one tries again and again, with backoff and jitter, and the others wait
 *  for it. So a server that comes back meets one connection of each process, not thousands. */
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../../backoff.ts";
import { YardError } from "../../errors.ts";
import { after } from "../../timers.ts";
import { isConnectionLost, translatePostgresError } from "./postgres-errors.ts";

export interface OutageGate extends Disposable {
  /** Resolves at once, or when the server is back.
   *  @param deadline monotonic
   *  @throws {YardError} unavailable: it was away for too long, too many wait already, or the database is being closed */
  pass(deadline: number): Promise<void>;
  /** No connection was to be had. Whoever calls `pass` from now on waits. */
  begin(cause: unknown): void;
}

export interface OutageGateParts {
  readonly location: string;
  /** Gets a connection, and gives it back. */
  probe(): Promise<void>;
  readonly mostWaiting?: number;
}

const backoff = { baseMs: 100, maxMs: 1_000 };
const spreadMs = 100;

export function createOutageGate({ location, probe, mostWaiting = 1_000 }: OutageGateParts): OutageGate {
  const closing = new AbortController();
  let outage: { readonly cause: unknown; readonly over: PromiseWithResolvers<void> } | undefined;
  let waiting = 0;

  const isStillAway = () =>
    probe().then(
      () => false,
      (error: unknown) => isConnectionLost(error), // any other refusal is for whoever asks next to see
    );

  async function tryUntilBack(): Promise<void> {
    for (let failures = 1; !closing.signal.aborted; failures++) {
      const waitMs = backoffMs(failures, backoff) + Math.random() * spreadMs;
      await delay(waitMs, undefined, { signal: closing.signal }).catch(() => {}); // aborted: closing
      if (closing.signal.aborted || !(await isStillAway())) break;
    }
    outage?.over.resolve();
    outage = undefined;
  }

  return {
    async pass(deadline) {
      if (outage === undefined) return;
      const { cause, over } = outage;
      if (waiting >= mostWaiting || closing.signal.aborted) throw translatePostgresError(cause, location);
      const late = Promise.withResolvers<never>();
      using _timer = after(deadline - performance.now(), () => late.reject(translatePostgresError(cause, location)));
      waiting++;
      try {
        await Promise.race([over.promise, late.promise]);
      } finally {
        waiting--;
      }
      if (closing.signal.aborted) throw new YardError("unavailable", `The database ${location} is being closed.`);
    },
    begin(cause) {
      if (outage !== undefined || closing.signal.aborted) return;
      outage = { cause, over: Promise.withResolvers() };
      void tryUntilBack();
    },
    [Symbol.dispose]: () => closing.abort(),
  };
}
