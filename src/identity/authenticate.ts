/** From a bearer token or API key to a Principal: the hottest path of the house.
 *
 *  A hit in the cache costs one look-up and two comparisons of times, and `recall` gives it without a promise. It is still in force because every change on this replica drops the
 *  entries that it touches before its caller is answered, the bus does the same on the others, and after `recheckMs` the stored state is
 *  read again, so a replica whose bus is down acts within seconds too. */
import type { Clock } from "../platform/clock.ts";
import { sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { ApiKeyUse } from "./api-keys.ts";
import { sessionTag, userTag } from "./changes.ts";
import type { CacheTicket, CredentialCache } from "./credential-cache.ts";
import type { Authenticator, CredentialOptions } from "./identity.ts";
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

/** API keys begin with a word of their kind; a JWT has a capital letter before any underscore. */
const keyForm = /^[a-z]{1,8}_/;

export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { database, clock, tokens, cache, apiKeyUse, recheckMs } = parts;
  const db = database.kysely;
  const underway = new Map<string, { ticket: CacheTicket; result: Promise<VerifiedCredential> }>();

  function recall(
    credential: string,
    { audience = parts.audience, teamKeys }: CredentialOptions = {},
  ): Principal | undefined {
    const cached = cache.get(credential);
    const isFresh =
      cached !== undefined && clock.monotonic() - cached.checkedAt < recheckMs && clock.now() < cached.expiresAt;
    return isFresh ? meantFor(cached.principal, audience, teamKeys) : undefined;
  }

  async function authenticate(
    credential: string,
    { audience = parts.audience, teamKeys, remoteAddress }: CredentialOptions = {},
  ): Promise<Principal> {
    const recalled = recall(credential, { audience, teamKeys });
    if (recalled) return recalled;
    const { principal } = await verifyOnce(credential, cache.get(credential)?.claims, remoteAddress);
    return meantFor(principal, audience, teamKeys);
  }

  /** Requests that come with the same credential at the same moment share one verification, unless something was revoked since it began. */
  function verifyOnce(
    credential: string,
    claims: TokenClaims | undefined,
    remoteAddress: string | undefined,
  ): Promise<VerifiedCredential> {
    const ticket = cache.ticket();
    const running = underway.get(credential);
    if (running?.ticket === ticket) return running.result;
    const started = { ticket, result: verify(credential, claims, ticket, remoteAddress) };
    underway.set(credential, started);
    const forget = () => void (underway.get(credential) === started && underway.delete(credential));
    started.result.then(forget, forget);
    return started.result;
  }

  async function verify(
    credential: string,
    claims: TokenClaims | undefined,
    ticket: CacheTicket,
    remoteAddress: string | undefined,
  ): Promise<VerifiedCredential> {
    try {
      const verified = keyForm.test(credential)
        ? await verifyApiKey("hash", sha256Hex(credential), remoteAddress)
        : await verifySession(claims ?? (await tokens.verify(credential)));
      cache.set(credential, verified, ticket);
      return verified;
    } catch (error) {
      cache.delete(credential);
      throw error;
    }
  }

  /** The session of an active user that goes on; undefined else. */
  async function findSession(sessionId: string, userId: string) {
    const session = await db
      .selectFrom("sessions")
      .innerJoin("users", "users.id", "sessions.user_id")
      .select(["users.id", "users.username", "users.state", "users.token_epoch", "users.host_tags"])
      .select(["sessions.revoked_at", "sessions.expires_at"])
      .where("sessions.id", "=", sessionId)
      .executeTakeFirst();
    const goesOn =
      session?.id === userId &&
      session.state === "active" &&
      session.revoked_at === null &&
      session.expires_at > clock.now();
    return goesOn ? session : undefined;
  }

  async function verifySession(claims: TokenClaims): Promise<VerifiedCredential> {
    const checkedAt = clock.monotonic();
    const session = await findSession(claims.sid, claims.sub);
    const expiresAt = Math.min(claims.exp * 1_000, session?.expires_at ?? 0);
    if (session?.token_epoch !== claims.epoch || expiresAt <= clock.now()) throw badCredential();
    const { sid: sessionId, aud: audience, iat, team: teamId } = claims;
    const principal = await loadPrincipal(db, session, {
      kind: "token",
      sessionId,
      audience,
      expiresAt,
      issuedAt: iat * 1_000,
      ...(teamId !== undefined && { teamId }),
    });
    return { principal, claims, expiresAt, checkedAt, tags: [sessionTag(sessionId), userTag(session.id)] };
  }

  async function verifyApiKey(by: "hash" | "id", value: string, remoteAddress?: string): Promise<VerifiedCredential> {
    const checkedAt = clock.monotonic();
    const row = await db
      .selectFrom("api_keys")
      .innerJoin("users", "users.id", "api_keys.user_id")
      .innerJoin("api_key_numbers", "api_key_numbers.key_id", "api_keys.id")
      .leftJoin("roles", "roles.name", "api_keys.role_name")
      .select(["users.id", "users.username", "users.state", "users.host_tags"])
      .select([
        "api_keys.id as keyId",
        "api_keys.name",
        "api_keys.team_id as teamId",
        "api_keys.permissions",
        "api_keys.role_name as roleName",
        "roles.permissions as rolePermissions",
        "api_key_numbers.number",
        "api_keys.expires_at",
        "api_keys.revoked_at",
        "api_keys.last_used_at",
      ])
      .where(`api_keys.${by}`, "=", value)
      .executeTakeFirst();
    const expiresAt = row?.expires_at ?? Number.POSITIVE_INFINITY;
    if (row?.state !== "active" || row.revoked_at !== null || expiresAt <= clock.now()) throw badCredential();
    const principal = await loadPrincipal(db, row, credentialOf(row), limitsOf(row));
    await apiKeyUse.note(row.keyId, row.last_used_at, remoteAddress);
    return { principal, claims: undefined, expiresAt, checkedAt, tags: [userTag(row.id)] };
  }

  async function again({ userId, credential }: Pick<Principal, "userId" | "credential">): Promise<Principal> {
    if (credential.kind === "apiKey") return (await verifyApiKey("id", credential.keyId)).principal;
    const session = await findSession(credential.sessionId, userId);
    if (!session) throw badCredential();
    return loadPrincipal(db, session, credential);
  }

  async function isOfLockedUser(credential: string): Promise<boolean> {
    const claims = await tokens.verify(credential).catch(() => undefined);
    if (claims === undefined) return false;
    const user = await db.selectFrom("users").select("state").where("id", "=", claims.sub).executeTakeFirst();
    return user?.state === "locked";
  }

  return { authenticate, recall, again, isOfLockedUser };
}

interface KeyFacts {
  readonly keyId: string;
  readonly number: number;
  readonly name: string;
  readonly teamId: string | null;
  readonly roleName: string | null;
}

function credentialOf({ keyId, number, name, teamId, roleName }: KeyFacts) {
  const limits = { ...(teamId !== null && { teamId }), ...(roleName !== null && { roleName }) };
  return { kind: "apiKey" as const, keyId, number, name, ...limits };
}

/** What a key grants at most: its own list, and what its role grants, which is nothing once the role is gone. */
function limitsOf(key: {
  readonly permissions: string | null;
  readonly roleName: string | null;
  readonly rolePermissions: string | null;
}): readonly (readonly string[])[] {
  const own = key.permissions === null ? [] : [parsePermissions(key.permissions)];
  const ofRole = key.rolePermissions === null ? [] : parsePermissions(key.rolePermissions);
  return key.roleName === null ? own : [...own, ofRole];
}

function meantFor(principal: Principal, audience: string, teamKeys = false): Principal {
  const { credential } = principal;
  if (credential.kind === "token" ? credential.audience !== audience : credential.teamId !== undefined && !teamKeys)
    throw badCredential();
  return principal;
}
