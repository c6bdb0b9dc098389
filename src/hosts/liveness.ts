/** Which hosts are there.
 *
 *  | status | leaves it when | to |
 *  | --- | --- | --- |
 *  | pending | a machine registers with the host's token | online |
 *  | online | nothing was heard of it for 90 s, at the next look | unreachable |
 *  | unreachable | its agent connects, or sends a heartbeat | online |
 *  | online, unreachable | a stolen refresh token was used | pending |
 *
 *  A host whose agent is connected is heard of all the time: its yard writes that down at every look. A yard that was away has heard of nobody: it lets
 *  90 s pass before it takes anybody to be gone. */
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";

export interface HostEvent {
  readonly event: "host.up" | "host.down";
  readonly at: number;
  readonly hostId: string;
  /** Whose own it is; absent for one that is everybody's. */
  readonly teamId?: string;
}

export interface Liveness {
  /** These hosts are there. */
  heard(hostIds: readonly string[]): Promise<void>;
  /** Takes those to be unreachable that were quiet for too long. */
  judge(): Promise<void>;
}

export interface LivenessParts {
  readonly database: Database;
  readonly clock: Clock;
  /** What it does is not waited for. */
  tell(event: HostEvent): void;
  changed(hostId: string): Promise<void>;
  readonly quietMs?: number;
}

const usualQuietMs = 90_000;

export function createLiveness({ database, clock, tell, changed, quietMs = usualQuietMs }: LivenessParts): Liveness {
  const db = database.kysely;
  const listeningSince = clock.monotonic();

  async function announce(event: HostEvent["event"], hosts: readonly { id: string; team_id: string | null }[]) {
    for (const { id: hostId, team_id: teamId } of hosts) {
      tell({ event, at: clock.now(), hostId, ...(teamId === null ? {} : { teamId }) });
      await changed(hostId);
    }
  }

  return {
    async heard(hostIds) {
      if (hostIds.length === 0) return;
      const now = clock.now();
      const back = await db
        .updateTable("hosts")
        .set({ status: "online", heartbeat_at: now, updated_at: now })
        .where("id", "in", hostIds)
        .where("status", "=", "unreachable")
        .returning(["id", "team_id"])
        .execute();
      await db
        .updateTable("hosts")
        .set({ heartbeat_at: now })
        .where("id", "in", hostIds)
        .where("status", "=", "online")
        .execute();
      await announce("host.up", back);
    },

    async judge() {
      if (clock.monotonic() - listeningSince < quietMs) return;
      const now = clock.now();
      const gone = await db
        .updateTable("hosts")
        .set({ status: "unreachable", updated_at: now })
        .where("status", "=", "online")
        .where((host) => host.or([host("heartbeat_at", "is", null), host("heartbeat_at", "<", now - quietMs)]))
        .returning(["id", "team_id"])
        .execute();
      await announce("host.down", gone);
    },
  };
}
