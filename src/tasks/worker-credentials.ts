/** Workers prove who they are by a secret that they were given once. What was verified is remembered for a second: so a removal is noticed here at once,
 *  elsewhere as soon as the bus tells or that second is over. */
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import { prepareQuery } from "../platform/db/prepared.ts";
import { YardError } from "../platform/errors.ts";
import type { WorkerIdentity, Workers } from "./workers.ts";

export interface WorkerCredentials extends Pick<Workers, "authenticate">, Disposable {}

interface Verified {
  readonly worker: WorkerIdentity;
  readonly expiresAt: number;
  /** By the monotonic clock. */
  readonly trustedUntil: number;
}

const prefix = "wrk_";
const trustMs = 1_000;
/** For clocks that differ: a worker that is refused for its expiry stops. */
const leewayMs = 60_000;
const mostRemembered = 10_000;

export function newWorkerCredential(): { readonly credential: string; readonly hash: string } {
  const credential = prefix + newSecret();
  return { credential, hash: sha256Hex(credential) };
}

/** Whether it could be one at all, told from the tokens of users. */
export function isWorkerCredential(text: string): boolean {
  return text.startsWith(prefix);
}

export function createWorkerCredentials(parts: {
  database: Database;
  bus: Bus<Topics>;
  clock: Clock;
}): WorkerCredentials {
  const { clock, bus } = parts;
  const { kysely: db } = parts.database;
  const remembered = new Map<string, Verified>();
  const byWorker = new Map<string, string>();
  let removals = 0;

  const find = prepareQuery<{ hash: string }, { uuid: string; expires_at: number }>(db, (slot) =>
    db.selectFrom("task_workers").select(["uuid", "expires_at"]).where("credential_hash", "=", slot("hash")),
  );

  function forget(workerUuid: string): void {
    removals++;
    const credential = byWorker.get(workerUuid);
    byWorker.delete(workerUuid);
    if (credential !== undefined) remembered.delete(credential);
  }

  function remember(credential: string, verified: Verified): void {
    remembered.delete(credential); // in again at the end: the first of a full map is then the one that was verified longest ago
    remembered.set(credential, verified);
    byWorker.set(verified.worker.uuid, credential);
    if (remembered.size <= mostRemembered) return;
    const [oldest] = remembered;
    if (oldest === undefined) return;
    remembered.delete(oldest[0]);
    byWorker.delete(oldest[1].worker.uuid);
  }

  function requireCurrent(expiresAt: number): void {
    if (clock.now() <= expiresAt + leewayMs) return;
    throw new YardError("unauthenticated", "The credential of this worker has expired. Register it anew.");
  }

  async function verify(credential: string): Promise<WorkerIdentity> {
    const before = removals;
    const [row] = isWorkerCredential(credential) ? await find({ hash: sha256Hex(credential) }) : [];
    if (row === undefined)
      throw new YardError(
        "unauthenticated",
        "This is no worker's credential, or the worker was removed. Register it anew.",
      );
    requireCurrent(row.expires_at);
    const worker = { id: row.uuid, uuid: row.uuid };
    // What was read before a removal may be outdated.
    if (before === removals) {
      remember(credential, { worker, expiresAt: row.expires_at, trustedUntil: clock.monotonic() + trustMs });
    }
    return worker;
  }

  const listening = bus.subscribe("worker.changed", ({ workerUuid }) => forget(workerUuid));
  return {
    authenticate(credential) {
      const known = remembered.get(credential);
      if (known === undefined || known.trustedUntil < clock.monotonic()) return verify(credential);
      requireCurrent(known.expiresAt);
      return known.worker;
    },
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}
