/** Puts identity together: one set of users, sessions and rights behind all APIs. */
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import { createLoginGate } from "../platform/crypto/login-gate.ts";
import { createPasswordHasher, type HashCosts } from "../platform/crypto/passwords.ts";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import type { YardKeys } from "../platform/crypto/yard-keys.ts";
import type { Database } from "../platform/db/database.ts";
import { createAccountPolicy } from "./account-policy.ts";
import { createApiKeys, createApiKeyUse } from "./api-keys.ts";
import { createAudit } from "./audit.ts";
import { createAuthenticator, type VerifiedCredential } from "./authenticate.ts";
import { ensureBuiltinRoles } from "./builtin-roles.ts";
import { type Changes, createChanges, followChanges } from "./changes.ts";
import { CredentialCache } from "./credential-cache.ts";
import { createCredentials } from "./credentials.ts";
import type { Audit, Identity } from "./identity.ts";
import { createLinks } from "./links.ts";
import { createLockout, defaultLockout, type LockoutRules } from "./lockout.ts";
import { createLogin } from "./login.ts";
import { createMemberships } from "./memberships.ts";
import { createOpenId, type OpenIdSettings } from "./openid/openid.ts";
import { createPurge } from "./purge.ts";
import { createQuotas } from "./quotas.ts";
import { createRecoveryCodes } from "./recovery-codes.ts";
import { createRefreshTokens } from "./refresh.ts";
import { createRoles } from "./roles.ts";
import { createSessionList } from "./session-list.ts";
import { createSessions, defaultLifetimes, type Lifetimes } from "./sessions.ts";
import { createTeams } from "./teams.ts";
import { createTickets } from "./tickets.ts";
import { createTokens, yardAudience } from "./tokens.ts";
import { createTotp } from "./totp.ts";
import { createUsers } from "./users.ts";

export interface IdentityParts {
  readonly database: Database;
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly keys: YardKeys;
  readonly settings?: IdentitySettings;
}

export interface IdentitySettings {
  /** Who signs the tokens, and what authenticator apps show. */
  readonly issuer?: string;
  /** The audience of tokens that no login narrowed. */
  readonly audience?: string;
  readonly lockout?: LockoutRules;
  readonly openid?: OpenIdSettings;
  readonly lifetimes?: Lifetimes;
  readonly hashCosts?: HashCosts;
  /** How many passwords are hashed at once (two of libuv's four threads leave the others to files) and how many logins may wait. */
  readonly gate?: { readonly limit?: number; readonly queue?: number };
  /** How many verified credentials are remembered, and after which time their stored state is read again. */
  readonly cache?: { readonly limit: number; readonly recheckMs: number };
}

const defaultCache = { limit: 10_000, recheckMs: 2_000 };

export async function openIdentity(parts: IdentityParts): Promise<Identity> {
  const { database, bus, clock, keys, settings = {} } = parts;

  await using opened = new AsyncDisposableStack();
  const cache = new CredentialCache<VerifiedCredential>((settings.cache ?? defaultCache).limit);
  opened.use(followChanges({ bus, cache }));
  const audit = opened.use(createAudit({ database, clock }));
  await ensureBuiltinRoles({ database, clock, audit });
  const shared = { database, clock, changes: createChanges({ bus, cache }) };
  const services = createServices({ shared, settings, keys, cache, audit });

  const lifetime = opened.move();
  return {
    ...services,
    audit: { record: audit.record, verify: audit.verify },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

interface ServiceParts {
  readonly shared: { readonly database: Database; readonly clock: Clock; readonly changes: Changes };
  readonly settings: IdentitySettings;
  readonly keys: YardKeys;
  readonly cache: CredentialCache<VerifiedCredential>;
  readonly audit: Audit;
}

function createServices(parts: ServiceParts): Omit<Identity, "audit" | typeof Symbol.asyncDispose> {
  const { shared, settings, cache, audit } = parts;
  const { master: masterKey, signing: signingKeys } = parts.keys;
  const { issuer = "Runyard", audience = yardAudience, lifetimes = defaultLifetimes } = settings;
  const { recheckMs } = settings.cache ?? defaultCache;

  const secrets = createSecretBox(deriveKey(masterKey, "secrets at rest"));
  const tokens = createTokens({ ...shared, keys: signingKeys, issuer });
  const policy = createAccountPolicy({ ...shared, lockout: settings.lockout ?? defaultLockout });
  const lockout = createLockout({ ...shared, rules: policy.lockoutRules });
  const hasher = createPasswordHasher(settings.hashCosts);
  const credentials = createCredentials({ ...shared, gate: createLoginGate(settings.gate), hasher, lockout });
  const totp = createTotp({
    ...{ ...shared, issuer },
    secretBox: secrets,
    recoveryCodes: createRecoveryCodes({ ...shared, key: deriveKey(masterKey, "recovery codes") }),
  });
  const sessions = createSessions({ ...shared, tokens, audience, lifetimes });
  const successorKey = deriveKey(masterKey, "refresh successors");
  const refreshTokens = createRefreshTokens({ ...shared, sessions, audit, successorKey });
  const logins = createLogin({ ...shared, credentials, sessions, refreshTokens, totp, lifetimes });
  const { refresh, endFamily } = refreshTokens;
  const { renew, revoke, revokeAllOf } = sessions;
  const apiKeyUse = createApiKeyUse(shared);
  const authenticator = createAuthenticator({ ...shared, tokens, cache, apiKeyUse, audience, recheckMs });
  const tickets = createTickets({ ...shared, authenticator });
  const users = createUsers({ ...shared, credentials, lockout, passwordRules: policy.passwordRules });
  const links = createLinks(shared);
  const stateKey = deriveKey(masterKey, "openid sign-ins");
  return {
    users,
    sessions: { ...logins, refresh, endFamily, ofUser: createSessionList(shared), renew, revoke, revokeAllOf },
    apiKeys: createApiKeys(shared),
    roles: createRoles(shared),
    teams: createTeams(shared),
    memberships: createMemberships(shared),
    links,
    quotas: createQuotas(shared),
    totp: { begin: totp.begin, enable: totp.enable, disable: totp.disable },
    authenticator,
    tickets: { issue: tickets.issue, redeem: tickets.redeem },
    openid: createOpenId({ ...shared, users, links, lockout, secrets, stateKey, settings: settings.openid }),
    policy: { get: policy.get, change: policy.change },
    purgeExpired: createPurge({ ...shared, lockout, tickets }),
  };
}
