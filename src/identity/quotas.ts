/** How much users and teams may have: teams that a user makes, bytes that a team keeps. What there is already stays, whatever the quota. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { QuotaChange, Quotas } from "./identity.ts";
import { requireTeam } from "./team-rows.ts";
import { requireRow } from "./user-rows.ts";

export const defaultTeamQuota = 8;
export const defaultStorageQuotaBytes = 16_000_000_000;
/** 32 bits, signed: as wide as the narrowest API tells it. */
const largestTeamQuota = 2_147_483_647;

export function createQuotas({ database, clock }: { database: Database; clock: Clock }): Quotas {
  return {
    changeTeamQuota(username, change) {
      return database.transaction(async (trx) => {
        const user = await requireRow(trx, username);
        const changed = changeBy(user.team_quota ?? defaultTeamQuota, change);
        const team_quota = Math.min(Math.max(0, changed), largestTeamQuota);
        await trx.updateTable("users").set({ team_quota, updated_at: clock.now() }).where("id", "=", user.id).execute();
        return team_quota;
      });
    },

    changeStorageQuota(name, change) {
      return database.transaction(async (trx) => {
        const team = await requireTeam(trx, name);
        const storage_quota_bytes = changeBy(team.storage_quota_bytes ?? defaultStorageQuotaBytes, change);
        if (!Number.isSafeInteger(storage_quota_bytes))
          throw new YardError("invalid", "leaves a quota beyond what can be counted", { field: "storageQuota" });
        const changed = { storage_quota_bytes, updated_at: clock.now() };
        await trx.updateTable("teams").set(changed).where("id", "=", team.id).execute();
        return storage_quota_bytes;
      });
    },
  };
}

function changeBy(current: number, { kind, amount }: QuotaChange): number {
  return kind === "add" ? current + amount : amount;
}

/** In the transaction that makes a team. @throws {YardError} forbidden */
export async function requireRoomForTeam(trx: Kysely<Schema>, userId: string): Promise<void> {
  const user = await trx
    .selectFrom("users")
    .select(["username", "team_quota"])
    .where("id", "=", userId)
    .executeTakeFirstOrThrow();
  const { made } = await trx
    .selectFrom("teams")
    .select((count) => count.fn.countAll<number>().as("made"))
    .where("created_by", "=", userId)
    .executeTakeFirstOrThrow();
  const quota = user.team_quota ?? defaultTeamQuota;
  if (made < quota) return;
  throw new YardError(
    "forbidden",
    `${user.username} has made ${made} teams, and may have made ${quota}. An administrator can raise that.`,
    { field: "team" },
  );
}
