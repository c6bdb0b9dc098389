/** API keys: credentials without a session, for programs. Stored as SHA-256 (they have full entropy, so nothing slower is needed) and
 *  shown once. A key may hold fewer permissions than its owner, never more: what it grants is decided at each use. */
import type { Selectable } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { ApiKeyRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Changes } from "./changes.ts";
import type { ApiKey, ApiKeys } from "./identity.ts";
import { requireText } from "./names.ts";
import { formatPermissions, parsePermissions } from "./permission-lists.ts";
import { requireRowById } from "./user-rows.ts";

export const apiKeyPrefix = "ry_";
const shownCharacters = 10;
const maxKeysPerUser = 500;
const noteEveryMs = 60_000;

export interface ApiKeyUse {
  /** Remembers that a key is in use, at most once a minute. */
  note(keyId: string, lastUsedAt: number | null): Promise<void>;
}

interface ApiKeyParts {
  database: Database;
  clock: Clock;
  changes: Changes;
}

export function createApiKeys({ database, clock, changes }: ApiKeyParts): ApiKeys {
  const db = database.kysely;
  return {
    async create({ userId, name, teamId, permissions, expiresAt }) {
      requireText(name, "name", 128);
      await requireRowById(db, userId);
      const key = apiKeyPrefix + newSecret();
      const row: Selectable<ApiKeyRow> = {
        id: newId("key", clock.now()),
        user_id: userId,
        team_id: teamId ?? null,
        name,
        hash: sha256Hex(key),
        prefix: key.slice(0, shownCharacters),
        permissions: permissions ? formatPermissions(permissions) : null,
        created_at: clock.now(),
        expires_at: expiresAt ?? null,
        last_used_at: null,
        revoked_at: null,
      };
      await database.transaction(async (trx) => {
        const held = await trx
          .selectFrom("api_keys")
          .select((count) => count.fn.countAll<number>().as("keys"))
          .where("user_id", "=", userId)
          .where("revoked_at", "is", null)
          .executeTakeFirstOrThrow();
        if (held.keys >= maxKeysPerUser)
          throw new YardError("precondition", `A user has at most ${maxKeysPerUser} API keys. Revoke one first.`);
        await trx.insertInto("api_keys").values(row).execute();
      });
      return { apiKey: toApiKey(row), key };
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

    async revoke(id) {
      const revoked = await db
        .updateTable("api_keys")
        .set({ revoked_at: clock.now() })
        .where("id", "=", id)
        .where("revoked_at", "is", null)
        .returning("user_id")
        .executeTakeFirst();
      if (!revoked) throw new YardError("not_found", `There is no API key ${JSON.stringify(id.slice(0, 80))}.`);
      await changes.userChanged(revoked.user_id);
    },
  };
}

export function createApiKeyUse({ database, clock }: { database: Database; clock: Clock }): ApiKeyUse {
  return {
    async note(keyId, lastUsedAt) {
      const now = clock.now();
      if (lastUsedAt !== null && now - lastUsedAt < noteEveryMs) return;
      try {
        await database.kysely.updateTable("api_keys").set({ last_used_at: now }).where("id", "=", keyId).execute();
      } catch (error) {
        // A full disk must not lock out whoever comes to free it; the time is a convenience. Other errors are real.
        if (!(error instanceof YardError)) throw error;
      }
    },
  };
}

function toApiKey(row: Selectable<ApiKeyRow>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    userId: row.user_id,
    permissions: row.permissions === null ? null : parsePermissions(row.permissions),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}
