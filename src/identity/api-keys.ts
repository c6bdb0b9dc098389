/** API keys: credentials without a session, for programs. Stored as SHA-256 (they have full entropy, so nothing slower is needed) and
 *  shown once. A key may hold fewer permissions than its owner, never more: what it grants is decided at each use. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { ApiKeyRow, Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Changes } from "./changes.ts";
import { requireMayGive, requireWithinReach } from "./grants.ts";
import type { ApiKey, ApiKeys, NumberedKey } from "./identity.ts";
import { requireText } from "./names.ts";
import { formatPermissions, parsePermissions } from "./permission-lists.ts";
import { requireRowById } from "./user-rows.ts";

const apiKeyPrefix = "ry_";
const usuallyShown = 10;
const maxNameLength = 1_024;
const maxKeysPerUser = 500;
/** A team has as many as its members have made; no list shows more. */
const mostListed = 1_000;
const noteEveryMs = 60_000;

export interface ApiKeyUse {
  /** Remembers that a key is in use, and where, at most once a minute. */
  note(keyId: string, lastUsedAt: number | null, address: string | undefined): Promise<void>;
}

interface ApiKeyParts {
  database: Database;
  clock: Clock;
  changes: Changes;
}

export function createApiKeys({ database, clock, changes }: ApiKeyParts): ApiKeys {
  const db = database.kysely;
  return {
    async create(asked, { by } = {}) {
      const { userId, key = apiKeyPrefix + newSecret() } = asked;
      requireText(asked.name, "name", maxNameLength);
      await requireRowById(db, userId);
      const row = newRow(asked, key, clock.now());
      const number = await database.transaction(async (trx) => {
        const given = { roles: asked.roleName === undefined ? [] : [asked.roleName], hostTags: by?.hostTags };
        await requireMayGive(trx, by, given);
        const held = await trx
          .selectFrom("api_keys")
          .select((count) => count.fn.countAll<number>().as("keys"))
          .where("user_id", "=", userId)
          .where("revoked_at", "is", null)
          .executeTakeFirstOrThrow();
        if (held.keys >= maxKeysPerUser)
          throw new YardError("precondition", `A user has at most ${maxKeysPerUser} API keys. Revoke one first.`);
        await trx.insertInto("api_keys").values(row).execute();
        const numbers = trx.insertInto("api_key_numbers").values({ key_id: row.id });
        return (await numbers.returning("number").executeTakeFirstOrThrow()).number;
      });
      return { apiKey: toNumberedKey({ ...row, number }), key };
    },

    async listNumbered({ userId } = {}) {
      let keys = numbered(db);
      if (userId !== undefined) keys = keys.where("api_keys.user_id", "=", userId);
      const rows = await keys.orderBy("api_key_numbers.number", "desc").limit(mostListed).execute();
      return rows.map(toNumberedKey);
    },

    async getNumbered(number) {
      const row = await numbered(db).where("api_key_numbers.number", "=", number).executeTakeFirst();
      if (!row) throw new YardError("not_found", `There is no API key ${number}.`);
      return toNumberedKey(row);
    },

    async list(userId) {
      const rows = await db
        .selectFrom("api_keys")
        .selectAll()
        .where("user_id", "=", userId)
        .where("revoked_at", "is", null)
        .orderBy("id")
        .limit(maxKeysPerUser)
        .execute();
      return rows.map(toApiKey);
    },

    async listOfTeam(teamId) {
      const rows = await db
        .selectFrom("api_keys")
        .innerJoin("users", "users.id", "api_keys.user_id")
        .selectAll("api_keys")
        .select("users.email as creator_email")
        .where("api_keys.team_id", "=", teamId)
        .where("api_keys.revoked_at", "is", null)
        .orderBy("api_keys.id", "desc")
        .limit(mostListed)
        .execute();
      return rows.map(({ creator_email: creatorEmail, ...row }) => ({ ...toApiKey(row), creatorEmail }));
    },

    async revoke(id, { teamId, by } = {}) {
      const owner = await database.transaction(async (trx) => {
        let keys = trx
          .updateTable("api_keys")
          .set({ revoked_at: clock.now() })
          .where("id", "=", id)
          .where("revoked_at", "is", null);
        if (teamId !== undefined) keys = keys.where("team_id", "=", teamId);
        const revoked = await keys.returning("user_id").executeTakeFirst();
        if (!revoked) throw new YardError("not_found", `There is no API key ${JSON.stringify(id.slice(0, 80))}.`);
        if (by) await requireWithinReach(trx, by, await requireRowById(trx, revoked.user_id));
        return revoked.user_id;
      });
      await changes.userChanged(owner);
    },
  };
}

export function createApiKeyUse({ database, clock }: { database: Database; clock: Clock }): ApiKeyUse {
  return {
    async note(keyId, lastUsedAt, address) {
      const now = clock.now();
      if (lastUsedAt !== null && now - lastUsedAt < noteEveryMs) return;
      try {
        const used = { last_used_at: now, ...(address !== undefined && { last_used_address: address }) };
        await database.kysely.updateTable("api_keys").set(used).where("id", "=", keyId).execute();
      } catch (error) {
        // A full disk must not lock out whoever comes to free it; the time is a convenience. Other errors are real.
        if (!(error instanceof YardError)) throw error;
      }
    },
  };
}

type StoredKey = Selectable<ApiKeyRow>;

function newRow(asked: Parameters<ApiKeys["create"]>[0], key: string, now: number): StoredKey {
  return {
    id: newId("key", now),
    user_id: asked.userId,
    team_id: asked.teamId ?? null,
    name: asked.name,
    hash: sha256Hex(key),
    prefix: key.slice(0, asked.shownCharacters ?? usuallyShown),
    permissions: asked.permissions ? formatPermissions(asked.permissions) : null,
    role_name: asked.roleName ?? null,
    created_at: now,
    expires_at: asked.expiresAt ?? null,
    last_used_at: null,
    last_used_address: null,
    revoked_at: null,
  };
}

/** Keys that are no team's, with their numbers. */
function numbered(db: Kysely<Schema>) {
  return db
    .selectFrom("api_keys")
    .innerJoin("api_key_numbers", "api_key_numbers.key_id", "api_keys.id")
    .selectAll("api_keys")
    .select("api_key_numbers.number")
    .where("api_keys.team_id", "is", null);
}

function toNumberedKey(row: StoredKey & { readonly number: number }): NumberedKey {
  const { number, last_used_address: lastUsedAddress, revoked_at: revokedAt } = row;
  return { ...toApiKey(row), number, lastUsedAddress, revokedAt };
}

function toApiKey(row: StoredKey): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    userId: row.user_id,
    permissions: row.permissions === null ? null : parsePermissions(row.permissions),
    roleName: row.role_name,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}
