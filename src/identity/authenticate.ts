/** From a bearer token or API key to a Principal: the hottest path of the house.
 *
 *  A hit in the cache costs one look-up and two comparisons of times, and `recall` gives it without a promise. It is still in force because every change on this replica drops the
 *  entries that it touches before its caller is answered, the bus does the same on the others, and after `recheckMs` the stored state is
 *  read again, so a replica whose bus is down acts within seconds too. */
import type { Clock } from "../platform/clock.ts";
import { sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import { type ApiKeyUse, apiKeyPrefix } from "./api-keys.ts";
import { sessionTag, userTag } from "./changes.ts";
import type { CacheTicket, CredentialCache } from "./credential-cache.ts";
import type { Authenticator } from "./identity.ts";
import { parsePermissions } from "./permission-lists.ts";
import type { Principal } from "./principal.ts";
import { loadPrincipal } from "./principals.ts";
import { badCredential, type TokenClaims, type Tokens } from "./tokens.ts";

export interface VerifiedCredential {
  readonly principal: Principal;
  /** Of a token: its signature need not be verified again. */
  readonly claims: TokenClaims | undefined;
  /** Wall time in milliseconds. */
  readonly expiresAt: number;
  /** Monotonic time in milliseconds at which the stored state was read. */
  readonly checkedAt: number;
  readonly tags: readonly string[];
}

export interface AuthenticatorParts {
  database: Database;
  clock: Clock;
  tokens: Tokens;
  cache: CredentialCache<VerifiedCredential>;
  apiKeyUse: ApiKeyUse;
  /** The audience of tokens that nobody narrowed. */
  audience: string;
  recheckMs: number;
}

interface AudienceOption {
  readonly audience?: string;
}

export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { database, clock, tokens, cache, apiKeyUse, recheckMs } = parts;
  const db = database.kysely;
  const underway = new Map<string, { ticket: CacheTicket; result: Promise<VerifiedCredential> }>();

  function recall(credential: string, { audience = parts.audience }: AudienceOption = {}): Principal | undefined {
    const cached = cache.get(credential);
    const isFresh =
      cached !== undefined && clock.monotonic() - cached.checkedAt < recheckMs && clock.now() < cached.expiresAt;
    return isFresh ? forAudience(cached.principal, audience) : undefined;
  }

  async function authenticate(
    credential: string,
    { audience = parts.audience }: AudienceOption = {},
  ): Promise<Principal> {
    const recalled = recall(credential, { audience });
    if (recalled) return recalled;
    const { principal } = await verifyOnce(credential, cache.get(credential)?.claims);
    return forAudience(principal, audience);
  }

  /** Requests that come with the same credential at the same moment share one verification, unless something was revoked since it began. */
  function verifyOnce(credential: string, claims: TokenClaims | undefined): Promise<VerifiedCredential> {
    const ticket = cache.ticket();
    const running = underway.get(credential);
    if (running?.ticket === ticket) return running.result;
    const started = { ticket, result: verify(credential, claims, ticket) };
    underway.set(credential, started);
    const forget = () => void (underway.get(credential) === started && underway.delete(credential));
    started.result.then(forget, forget);
    return started.result;
  }

  async function verify(
    credential: string,
    claims: TokenClaims | undefined,
    ticket: CacheTicket,
  ): Promise<VerifiedCredential> {
    try {
      const isApiKey = credential.startsWith(apiKeyPrefix);
      const verified = isApiKey
        ? await verifyApiKey(credential)
        : await verifySession(claims ?? (await tokens.verify(credential)));
      cache.set(credential, verified, ticket);
      return verified;
    } catch (error) {
      cache.delete(credential);
      throw error;
    }
  }

  async function verifySession(claims: TokenClaims): Promise<VerifiedCredential> {
    const checkedAt = clock.monotonic();
    const session = await db
      .selectFrom("sessions")
      .innerJoin("users", "users.id", "sessions.user_id")
      .select([
        "users.id",
        "users.username",
        "users.state",
        "users.token_epoch",
        "sessions.revoked_at",
        "sessions.expires_at",
      ])
      .where("sessions.id", "=", claims.sid)
      .executeTakeFirst();
    const expiresAt = Math.min(claims.exp * 1_000, session?.expires_at ?? 0);
    const isInForce =
      session?.id === claims.sub &&
      session.state === "active" &&
      session.token_epoch === claims.epoch &&
      session.revoked_at === null &&
      expiresAt > clock.now();
    if (!isInForce) throw badCredential();
    const { sid: sessionId, aud: audience, iat } = claims;
    const principal = await loadPrincipal(db, session, {
      kind: "token",
      sessionId,
      audience,
      expiresAt,
      issuedAt: iat * 1_000,
    });
    return { principal, claims, expiresAt, checkedAt, tags: [sessionTag(sessionId), userTag(session.id)] };
  }

  async function verifyApiKey(key: string): Promise<VerifiedCredential> {
    const checkedAt = clock.monotonic();
    const row = await db
      .selectFrom("api_keys")
      .innerJoin("users", "users.id", "api_keys.user_id")
      .select(["users.id", "users.username", "users.state"])
      .select([
        "api_keys.id as keyId",
        "api_keys.permissions",
        "api_keys.expires_at",
        "api_keys.revoked_at",
        "api_keys.last_used_at",
      ])
      .where("api_keys.hash", "=", sha256Hex(key))
      .executeTakeFirst();
    const expiresAt = row?.expires_at ?? Number.POSITIVE_INFINITY;
    if (row?.state !== "active" || row.revoked_at !== null || expiresAt <= clock.now()) throw badCredential();
    const atMost = row.permissions === null ? null : parsePermissions(row.permissions);
    const principal = await loadPrincipal(db, row, { kind: "apiKey", keyId: row.keyId }, atMost);
    await apiKeyUse.note(row.keyId, row.last_used_at);
    return { principal, claims: undefined, expiresAt, checkedAt, tags: [userTag(row.id)] };
  }

  async function isOfLockedUser(credential: string): Promise<boolean> {
    const claims = await tokens.verify(credential).catch(() => undefined);
    if (claims === undefined) return false;
    const user = await db.selectFrom("users").select("state").where("id", "=", claims.sub).executeTakeFirst();
    return user?.state === "locked";
  }

  return { authenticate, recall, isOfLockedUser };
}

function forAudience(principal: Principal, audience: string): Principal {
  if (principal.credential.kind === "token" && principal.credential.audience !== audience) throw badCredential();
  return principal;
}
