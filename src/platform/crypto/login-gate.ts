/** The gate before everything that tests a secret. It keeps three promises:
 *  - memory stays flat: at most `limit` hashes at once (19 MiB each), at most `queue` more waiting, then `too_many`;
 *  - guesses stay counted: one account is tested by one try at a time, so a thousand parallel guesses can't all pass the lockout
 *    before the first of them has been counted;
 *  - a flood keeps nobody out: sources are served in turn, and a full queue drops the newest try of the source that has the most. */
import { YardError } from "../errors.ts";

export interface LoginGate {
  /** @throws {YardError} too_many */
  run<T>(who: { account: string; source?: string }, work: () => Promise<T>): Promise<T>;
  readonly running: number;
  readonly waiting: number;
}

interface Try {
  readonly account: string;
  readonly source: string;
  start(): void;
  refuse(error: YardError): void;
}

export function createLoginGate({ limit = 2, queue = 128 }: { limit?: number; queue?: number } = {}): LoginGate {
  const busyAccounts = new Set<string>();
  const waitingBySource = new Map<string, Try[]>(); // in the order in which sources get their next turn
  let waiting = 0;

  function enqueue(attempt: Try): void {
    if (waiting >= queue && !makeRoomFor(attempt.source)) {
      attempt.refuse(tooMany());
      return;
    }
    const line = waitingBySource.get(attempt.source);
    if (line) line.push(attempt);
    else waitingBySource.set(attempt.source, [attempt]);
    waiting++;
  }

  /** Drops the newest try of the longest line, unless that line is the newcomer's own. */
  function makeRoomFor(newcomer: string): boolean {
    let longest: string | undefined;
    let length = (waitingBySource.get(newcomer)?.length ?? 0) + 1;
    for (const [source, line] of waitingBySource) if (line.length > length) [longest, length] = [source, line.length];
    if (longest === undefined) return false;
    waitingBySource.get(longest)?.pop()?.refuse(tooMany());
    waiting--;
    return true;
  }

  function serve(): void {
    while (busyAccounts.size < limit) {
      const next = takeNext();
      if (!next) return;
      busyAccounts.add(next.account);
      next.start();
    }
  }

  function takeNext(): Try | undefined {
    for (const [source, line] of waitingBySource) {
      const index = line.findIndex((attempt) => !busyAccounts.has(attempt.account));
      if (index < 0) continue;
      const [attempt] = line.splice(index, 1);
      waiting--;
      waitingBySource.delete(source);
      if (line.length > 0) waitingBySource.set(source, line); // back to the end: the others' turn first
      return attempt;
    }
    return undefined;
  }

  async function run<T>(who: { account: string; source?: string }, work: () => Promise<T>): Promise<T> {
    const { account, source = account } = who;
    await new Promise<void>((start, refuse) => {
      enqueue({ account, source, start, refuse });
      serve();
    });
    try {
      return await work();
    } finally {
      busyAccounts.delete(account);
      serve();
    }
  }

  return {
    run,
    get running() {
      return busyAccounts.size;
    },
    get waiting() {
      return waiting;
    },
  };
}

function tooMany(): YardError {
  return new YardError("too_many", "Too many logins are being checked. Try again in a moment.", {
    retryAfterMs: 2_000,
  });
}
