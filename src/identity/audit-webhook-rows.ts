/** The row of the audit log's webhook: where to, and how far it has come. */
import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import type { AuditWebhookRow } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { asStorageError } from "../platform/errors.ts";
import type { LoggedEntry } from "./audit-log.ts";
import { readHead } from "./audit-rows.ts";
import type { AuditWebhookInput } from "./audit-webhook.ts";

export interface KeptWebhook {
  readonly url: string;
  readonly secret: string | undefined;
  readonly filterActions: readonly string[];
  readonly sentThrough: number;
  readonly failures: number;
}

/** In the hands of one yard. */
export interface TakenWebhook extends KeptWebhook {
  /** By which the row knows who has it. */
  readonly takenUntil: number;
}

export interface WebhookRowsParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly now: SharedTime;
  readonly leaseMs: number;
}

/** Entries read at once. */
const slice = 500;
const place = "audit_webhook.secret";
const name = "audit";

export function createWebhookRows({ database, secrets, clock, now, leaseMs }: WebhookRowsParts) {
  const db = database.kysely;

  function kept(row: AuditWebhookRow): TakenWebhook {
    return {
      ...{ url: row.url, secret: row.sealed_secret === null ? undefined : secrets.open(row.sealed_secret, place) },
      filterActions: JSON.parse(row.filter_actions) as string[],
      ...{ sentThrough: row.sent_through, failures: row.failures, takenUntil: row.due_at },
    };
  }

  /** Changes it, if it is still whose it was. */
  async function put(taken: TakenWebhook, changes: object): Promise<TakenWebhook | undefined> {
    const row = await db
      .updateTable("audit_webhook")
      .set(changes)
      .where("name", "=", name)
      .where("due_at", "=", taken.takenUntil)
      .returningAll()
      .executeTakeFirst();
    return row && kept(row);
  }

  return {
    async read(): Promise<KeptWebhook | undefined> {
      const row = await db.selectFrom("audit_webhook").selectAll().executeTakeFirst();
      return row && kept(row);
    },

    /** One that was off begins with what is yet to come. Whoever sends at this moment has it no more. */
    async change({ url, secret, clearSecret, filterActions }: AuditWebhookInput): Promise<KeptWebhook> {
      try {
        return await database.transaction(
          async (trx) => {
            const row = await trx.selectFrom("audit_webhook").selectAll().executeTakeFirst();
            const before = row && kept(row);
            const newSecret = clearSecret ? undefined : secret || before?.secret;
            const values = {
              ...{ url, sealed_secret: newSecret === undefined ? null : secrets.seal(newSecret, place) },
              filter_actions: JSON.stringify(filterActions ?? before?.filterActions ?? []),
              sent_through: before?.url ? before.sentThrough : ((await readHead(trx))?.seq ?? 0),
              ...{ failures: 0, updated_at: clock.now() },
            };
            const changed = await trx
              .insertInto("audit_webhook")
              .values({ name, ...values, due_at: now() })
              .onConflict((conflict) => conflict.column("name").doUpdateSet({ ...values, due_at: now() }))
              .returningAll()
              .executeTakeFirstOrThrow();
            return kept(changed);
          },
          { exclusive: "audit webhook" },
        );
      } catch (error) {
        throw asStorageError(error, "the webhook cannot be saved");
      }
    },

    /** @returns undefined where nothing is to be sent, it is too early, or another yard sends */
    async take(): Promise<TakenWebhook | undefined> {
      const head = db.selectFrom("audit_entries").select(({ fn }) => fn.max<number>("seq").as("seq"));
      const row = await db
        .selectFrom("audit_webhook")
        .selectAll()
        .where("url", "!=", "")
        .where("due_at", "<=", now())
        .where("sent_through", "<", head)
        .executeTakeFirst();
      return row && put(kept(row), { due_at: leaseEnd() });
    },

    /** What follows what was sent and is wanted, in order, of a slice that ends with `through`. What is pruned is not sent any more. */
    async after({
      sentThrough,
      filterActions,
    }: TakenWebhook): Promise<{ entries: readonly LoggedEntry[]; through: number }> {
      const entries: readonly LoggedEntry[] = await db
        .selectFrom("audit_entries as entry")
        .leftJoin("audit_entries as before", (join) => join.on("before.seq", "=", sql<number>`entry.seq - 1`))
        .selectAll("entry")
        .select("before.hash as previousHash")
        .where("entry.seq", ">", sentThrough)
        .orderBy("entry.seq")
        .limit(slice)
        .execute();
      const wanted = entries.filter(({ action }) => isWanted(action, filterActions));
      return { entries: wanted, through: entries.at(-1)?.seq ?? sentThrough };
    },

    advance: (taken: TakenWebhook, through: number) =>
      put(taken, { sent_through: through, failures: 0, due_at: leaseEnd() }),

    async failed(taken: TakenWebhook, retryMs: number): Promise<void> {
      await put(taken, { failures: taken.failures + 1, due_at: sql<number>`${now()} + ${retryMs}` });
    },

    async giveBack(taken: TakenWebhook): Promise<void> {
      await put(taken, { due_at: now() });
    },
  };

  function leaseEnd() {
    return sql<number>`${now()} + ${leaseMs}`;
  }
}

/** `stack` and `stack.*` mean all of that area. */
function isWanted(action: string, filters: readonly string[]): boolean {
  if (filters.length === 0) return true;
  return filters.some((filter) => {
    const area = filter.replace(/\.\*$/, "");
    return action === area || action.startsWith(`${area}.`);
  });
}
