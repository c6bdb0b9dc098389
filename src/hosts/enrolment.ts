/** How a machine becomes a host, and stays one.
 *
 *  | credential | how long | what it is good for |
 *  | --- | --- | --- |
 *  | registration token | an hour, once | whoever shows it becomes the host that it was made for |
 *  | host token (a JWT, host-tokens.ts) | 7 days | everything that a host does |
 *  | refresh token | 60 days, once | the next host token, and the next refresh token |
 *
 *  Of registration and refresh tokens only hashes are stored. A refresh token that comes again was stolen, from the agent or by it: then all
 *  credentials of the host end, and it is `pending` again, so that somebody can give its machine a new registration token. Two things look like it and
 *  are not. A request that was sent twice within moments; and an answer that a broken network has swallowed: for that an agent names each use, and
 *  whoever comes with the old token and that name gets the same successor, until that has been used. */
import { createHmac } from "node:crypto";
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { HostRecord, Machine } from "./host-record.ts";
import { badHostCredential, type HostTokens } from "./host-tokens.ts";
import type { HostRegistry } from "./registry.ts";

export interface Enrolment {
  /** A registration token. Earlier ones that nobody has used stay good for their hour. @throws {YardError} not_found; conflict, unless it is pending */
  invite(hostId: string): Promise<string>;
  /** Makes the caller's machine the host that the token is for. The token is used up, whatever comes of it.
   *  @throws {YardError} unauthenticated; not_found, if that host is pending no longer */
  register(token: string, facts: Machine & { address?: string; name?: string }): Promise<HostCredentials>;
  /** @param useName of the caller's own making: see above. @throws {YardError} unauthenticated */
  refresh(refreshToken: string, options?: { useName?: string }): Promise<HostCredentials>;
  /** The host that a host token is of. @throws {YardError} unauthenticated; not_found, for one of a host that was removed */
  authenticate(token: string): Promise<HostRecord>;
}

export interface HostCredentials {
  readonly host: HostRecord;
  readonly token: string;
  readonly refreshToken: string;
}

export interface EnrolmentParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly registry: HostRegistry;
  readonly tokens: HostTokens;
  /** 32 bytes: a successor is an HMAC of the token before it, so that it can be given again, and nothing readable is stored. */
  readonly successorKey: Uint8Array;
  /** Hears of what an administrator should know of. */
  onReuse(host: HostRecord): Promise<void>;
  /** Something about it has changed. */
  changed(hostId: string): Promise<void>;
}

export const registrationMs = 3_600_000;
const refreshMs = 60 * 86_400_000;
export const refreshGraceMs = 30_000;
const longestToken = 128;

type Outcome =
  | { readonly kind: "refused" }
  | { readonly kind: "next"; readonly hostId: string }
  | { readonly kind: "reused"; readonly hostId: string };

export function createEnrolment(parts: EnrolmentParts): Enrolment {
  const { database, clock, registry, tokens, successorKey } = parts;

  async function issue(hostId: string, refreshToken: string): Promise<HostCredentials> {
    const host = await registry.get(hostId);
    return { host, token: await tokens.sign(host), refreshToken };
  }

  async function keepRefreshToken(db: Kysely<Schema>, hostId: string, token: string): Promise<void> {
    const now = clock.now();
    await db
      .insertInto("host_refresh_tokens")
      .values({
        ...{ hash: sha256Hex(token), host_id: hostId, created_at: now, expires_at: now + refreshMs },
        ...{ used_at: null, use_hash: null },
      })
      .execute();
    await db.deleteFrom("host_refresh_tokens").where("host_id", "=", hostId).where("expires_at", "<", now).execute();
  }

  /** Used up by being shown: also where the registration then fails. */
  async function takeRegistration(token: string): Promise<string> {
    if (token.length > longestToken) throw badRegistration();
    const taken = await database.kysely
      .deleteFrom("host_registrations")
      .where("hash", "=", sha256Hex(token))
      .where("purpose", "=", "token")
      .returning(["host_id", "expires_at"])
      .executeTakeFirst();
    if (!taken || taken.expires_at <= clock.now()) throw badRegistration();
    return taken.host_id;
  }

  async function takeRefreshToken(
    db: Kysely<Schema>,
    token: string,
    successor: string,
    useHash: string | null,
  ): Promise<Outcome> {
    const now = clock.now();
    const hash = sha256Hex(token);
    const stored = await db.selectFrom("host_refresh_tokens").selectAll().where("hash", "=", hash).executeTakeFirst();
    if (!stored || stored.expires_at <= now) return { kind: "refused" };
    const { host_id: hostId, used_at: usedAt } = stored;
    if (usedAt === null) {
      await db
        .updateTable("host_refresh_tokens")
        .set({ used_at: now, use_hash: useHash })
        .where("hash", "=", hash)
        .execute();
      await keepRefreshToken(db, hostId, successor);
      return { kind: "next", hostId };
    }
    const isSameUse = useHash !== null && useHash === stored.use_hash;
    if (now - usedAt <= refreshGraceMs || isSameUse) {
      const next = await db
        .selectFrom("host_refresh_tokens")
        .select("used_at")
        .where("hash", "=", sha256Hex(successor))
        .executeTakeFirst();
      if (next?.used_at === null) return { kind: "next", hostId };
    }
    await revoke(db, hostId);
    return { kind: "reused", hostId };
  }

  async function revoke(db: Kysely<Schema>, hostId: string): Promise<void> {
    await db.deleteFrom("host_refresh_tokens").where("host_id", "=", hostId).execute();
    await db
      .updateTable("hosts")
      .set((host) => ({ status: "pending", token_epoch: host("token_epoch", "+", 1), updated_at: clock.now() }))
      .where("id", "=", hostId)
      .execute();
  }

  return {
    async invite(hostId) {
      const host = await registry.get(hostId);
      if (host.status !== "pending")
        throw new YardError("conflict", `Host ${host.name} is registered already. Remove it, and add another.`);
      const token = Buffer.from(newSecret(), "base64url").toString("hex");
      const now = clock.now();
      await database.kysely.deleteFrom("host_registrations").where("expires_at", "<", now).execute();
      await database.kysely
        .insertInto("host_registrations")
        .values({
          ...{ hash: sha256Hex(token), host_id: hostId, purpose: "token" },
          ...{ created_at: now, expires_at: now + registrationMs },
        })
        .execute();
      return token;
    },

    async register(token, { name, ...facts }) {
      const hostId = await takeRegistration(token);
      const refreshToken = newRefreshToken();
      const now = clock.now();
      const isTaken = await database.transaction(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("hosts")
          .set({ status: "online", heartbeat_at: now, updated_at: now })
          .where("id", "=", hostId)
          .where("status", "=", "pending")
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return false;
        await keepRefreshToken(trx, hostId, refreshToken);
        // Whoever added it may have named it; else it has gone by its id.
        if (name)
          await trx.updateTable("hosts").set({ name }).where("id", "=", hostId).where("name", "=", hostId).execute();
        return true;
      });
      if (!isTaken)
        throw new YardError("not_found", "The host that this token is for is registered already, or removed.");
      await registry.describe(hostId, facts);
      await parts.changed(hostId);
      return issue(hostId, refreshToken);
    },

    async refresh(refreshToken, { useName } = {}) {
      if (refreshToken.length > longestToken) throw badHostCredential();
      const successor = createHmac("sha256", successorKey).update(refreshToken).digest("hex");
      const useHash = useName === undefined ? null : sha256Hex(useName);
      const outcome = await database.transaction((trx) => takeRefreshToken(trx, refreshToken, successor, useHash));
      if (outcome.kind === "next") return issue(outcome.hostId, successor);
      if (outcome.kind === "reused") {
        await parts.changed(outcome.hostId);
        await parts.onReuse(await registry.get(outcome.hostId));
      }
      throw badHostCredential();
    },

    async authenticate(token) {
      const { hostId, tokenEpoch } = await tokens.verify(token);
      const host = await registry.find(hostId);
      if (!host) throw new YardError("not_found", "This host was removed.");
      if (host.tokenEpoch !== tokenEpoch) throw badHostCredential();
      return host;
    },
  };
}

function newRefreshToken(): string {
  return Buffer.from(newSecret(), "base64url").toString("hex");
}

function badRegistration(): YardError {
  return new YardError("unauthenticated", "The registration token is not valid, or no longer. Ask for a new one.");
}
