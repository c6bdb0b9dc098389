/** What files take of a team's quota.
 *
 *  A file is charged for its content, or for the largest upload on its way, whichever is more: one of them is what will be there. A team is charged for
 *  all of its files, and no upload is begun that would charge it beyond its quota. So whatever arrives in time fits, in whatever order.
 *
 *  All changes of a team's files happen one at a time, over all replicas (`filesOf`): sums are exact, and two uploads never take the same room. */
import type { Kysely, Transaction } from "kysely";
import type { TransactionOptions } from "../../platform/db/database.ts";
import type { Schema } from "../../platform/db/schema.ts";

export interface Usage {
  /** Content that is there. */
  readonly usedBytes: number;
  readonly quotaBytes: number;
}

export const filesOf = (teamId: string): TransactionOptions => ({ exclusive: `files of ${teamId}` });

export async function readUsage(
  db: Kysely<Schema>,
  teamId: string,
): Promise<{ readonly usedBytes: number; readonly chargedBytes: number }> {
  const row = await db.selectFrom("team_usage").selectAll().where("team_id", "=", teamId).executeTakeFirst();
  return { usedBytes: row?.used_bytes ?? 0, chargedBytes: row?.charged_bytes ?? 0 };
}

/** The quota of a team that has none of its own is `defaultQuotaBytes`. */
export async function readQuota(db: Kysely<Schema>, teamId: string, defaultQuotaBytes: number): Promise<number> {
  const row = await db.selectFrom("teams").select("storage_quota_bytes").where("id", "=", teamId).executeTakeFirst();
  return row?.storage_quota_bytes ?? defaultQuotaBytes;
}

/** Charges the file for what it is by now. @returns by how much the team's charge has grown, and what it is */
export async function recharge(
  trx: Transaction<Schema>,
  file: { readonly id: string; readonly teamId: string },
): Promise<{ readonly grownBy: number; readonly chargedBytes: number }> {
  const { bytes, charged_bytes } = await trx
    .selectFrom("stored_files")
    .select(["bytes", "charged_bytes"])
    .where("id", "=", file.id)
    .executeTakeFirstOrThrow();
  const { largest } = await trx
    .selectFrom("file_uploads")
    .select(({ fn }) => fn.max("bytes").as("largest"))
    .where("file_id", "=", file.id)
    .where("has_lapsed", "=", 0)
    .executeTakeFirstOrThrow();
  const charge = Math.max(bytes ?? 0, largest ?? 0);
  const grownBy = charge - charged_bytes;
  await trx.updateTable("stored_files").set({ charged_bytes: charge }).where("id", "=", file.id).execute();
  return { grownBy, chargedBytes: await addUsage(trx, file.teamId, { charged: grownBy, used: 0 }) };
}

/** @returns what the team is charged then */
export async function addUsage(
  trx: Transaction<Schema>,
  teamId: string,
  { charged, used }: { readonly charged: number; readonly used: number },
): Promise<number> {
  const row = await trx
    .insertInto("team_usage")
    .values({ team_id: teamId, used_bytes: used, charged_bytes: charged })
    .onConflict((conflict) =>
      conflict.column("team_id").doUpdateSet((eb) => ({
        used_bytes: eb("team_usage.used_bytes", "+", used),
        charged_bytes: eb("team_usage.charged_bytes", "+", charged),
      })),
    )
    .returning("charged_bytes")
    .executeTakeFirstOrThrow();
  return row.charged_bytes;
}
