/** Files of deleted stacks on hosts that were away then, or died in the midst of it: known to the database from before the stack is forgotten until the host has
 *  said that they are gone. A stack that has the same name later finds nothing of the one before it. */
import type { Database } from "../../platform/db/database.ts";
import type { Log } from "../../platform/log.ts";
import { every } from "../../platform/timers.ts";
import { type DockerHost, type DockerHosts, everywhere } from "../docker-hosts.ts";
import type { StackLocks } from "./stack-locks.ts";

export interface StackLeftovers extends AsyncDisposable {
  /** Writes down that a stack's files are to go from these hosts. */
  note(stack: string, hostIds: readonly string[]): Promise<void>;
  /** Removes what was written down of it, from those hosts that are there. Under the stack's lock, as the next one. */
  clear(stack: string): Promise<void>;
  /** Before anything is brought to that host. @throws {YardError} unavailable */
  clearFrom(host: DockerHost, stack: string): Promise<void>;
}

export interface StackLeftoversParts {
  readonly database: Pick<Database, "kysely">;
  readonly dockerHosts: Pick<DockerHosts, "list">;
  readonly locks: Pick<StackLocks, "withStack">;
  readonly log: Pick<Log, "warn">;
  /** Between two looks for hosts that are back. */
  readonly lookMs?: number;
}

/** Of one look; the others have their turn with the next. */
const mostLooked = 100;

export function openStackLeftovers(parts: StackLeftoversParts): StackLeftovers {
  const { database, dockerHosts, locks, log, lookMs = 15_000 } = parts;
  const db = database.kysely;

  /** Those that are there, of a stack or of all. A host that there is no more has nothing left. */
  async function due(stack?: string) {
    const hosts = new Map(dockerHosts.list(everywhere).map((host) => [host.id, host]));
    const away = [...hosts.values()].filter(({ isOnline }) => !isOnline).map(({ id }) => id);
    const rows = await db
      .selectFrom("stack_leftovers")
      .selectAll()
      .$if(stack !== undefined, (some) => some.where("stack", "=", stack!))
      .$if(away.length > 0, (some) => some.where("host_id", "not in", away))
      .orderBy("stack")
      .limit(mostLooked)
      .execute();
    return rows.map((row) => ({ ...row, host: hosts.get(row.host_id) }));
  }

  async function clear(stack: string): Promise<void> {
    for (const { host_id, host } of await due(stack)) {
      try {
        await host?.files?.remove(stack);
        await forget(stack, host_id);
      } catch (error) {
        log.warn(
          { err: error, stack, host: host?.name },
          "files of a deleted stack are still on a host: it is tried again",
        );
      }
    }
  }

  async function forget(stack: string, hostId: string): Promise<void> {
    await db.deleteFrom("stack_leftovers").where("stack", "=", stack).where("host_id", "=", hostId).execute();
  }

  async function look(): Promise<void> {
    try {
      for (const stack of new Set((await due()).map((row) => row.stack))) {
        await locks.withStack(stack, () => clear(stack));
      }
    } catch (error) {
      log.warn({ err: error }, "files of deleted stacks could not be looked for; they are again soon");
    }
  }

  const timer = every(lookMs, look);
  return {
    clear,
    async note(stack, hostIds) {
      const rows = [...new Set(hostIds)].map((host_id) => ({ stack, host_id }));
      if (rows.length === 0) return;
      await db
        .insertInto("stack_leftovers")
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async clearFrom(host, stack) {
      const rows = await db
        .selectFrom("stack_leftovers")
        .select("host_id")
        .where("stack", "=", stack)
        .where("host_id", "=", host.id)
        .execute();
      if (rows.length === 0) return;
      await host.files?.remove(stack);
      await forget(stack, host.id);
    },
    [Symbol.asyncDispose]: () => timer[Symbol.asyncDispose](),
  };
}
