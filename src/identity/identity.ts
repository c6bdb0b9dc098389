/** The one identity behind all APIs, as they see it. Built by `openIdentity` (open.ts). */
import type { AccountPolicies } from "./account-policy.ts";
import type { OpenId } from "./openid/openid.ts";
import type { Principal } from "./principal.ts";
import type { Memberships, Quotas, Teams } from "./team-types.ts";

export type * from "./team-types.ts";

export interface User {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly displayName: string;
  readonly state: "active" | "locked" | "deleted";
  /** Locked, and deleted as far as is shown where deleted users keep all they have. */
  readonly isRetired: boolean;
  readonly hasPassword: boolean;
  readonly totpEnabled: boolean;
  readonly hasTotpSecret: boolean;
  readonly execUser: string;
  readonly metadata: string | null;
  readonly roles: readonly string[];
  /** Names; the personal team first. */
  readonly teams: readonly string[];
  /** Held to hosts that have one of these tags; empty: to none. */
  readonly hostTags: readonly string[];
  readonly createdAt: number;
}

export interface NewUser {
  username: string;
  password?: string;
  /** In place of the password, its MD5 in 32 hex digits: all that some clients ever send. */
  digest?: string;
  email?: string | null;
  displayName?: string;
  execUser?: string;
  metadata?: string | null;
  roles?: readonly string[];
  /** Teams to join besides the personal one; made if they do not exist. */
  teams?: readonly string[];
  locked?: boolean;
  /** See `User.hostTags`; if absent, those of whoever makes the user. */
  hostTags?: readonly string[];
  /** What the personal team is shown as; the user's name if absent. */
  personalTeam?: string;
  /** Who else vouches for the user: see `Links`. */
  link?: Link;
  /** Whether that one has verified the e-mail address: see vouched-emails.ts. */
  isEmailVerified?: boolean;
}

/** What may be changed of a user; only the given fields are. */
export type UserChanges = Partial<
  Omit<NewUser, "username" | "password" | "digest" | "personalTeam" | "link" | "isEmailVerified">
> & {
  /** Locks, and see `User.isRetired`. Any later `locked` takes it back. */
  retired?: true;
};

export interface OnBehalf {
  /** Who asks for the change. Nobody hands out more than they hold themselves, and administrators are out of reach of everybody else:
   *  see grants.ts. Without it the yard itself does. @throws {YardError} forbidden */
  readonly by?: Principal;
}

export interface SecretOptions extends OnBehalf {
  readonly keepSessionId?: string;
}

export interface Users {
  /** @throws {YardError} not_found */
  get(username: string): Promise<User>;
  getById(id: string): Promise<User>;
  /** All but deleted ones, by name. */
  list(): Promise<readonly User[]>;
  /** Those whose e-mail address, in small letters, begins so; by address, a few at most. */
  searchByEmail(prefix: string): Promise<readonly { readonly id: string; readonly email: string }[]>;
  /** @throws {YardError} conflict (name or e-mail taken), invalid (`field`) */
  create(user: NewUser, options?: OnBehalf): Promise<User>;
  /** Whoever is locked by it loses every session at once. @throws {YardError} precondition, for the last unlocked administrator */
  update(username: string, changes: UserChanges, options?: OnBehalf): Promise<User>;
  /** Ends every session of the user; the name is free again. What the user owned stays, owned by nobody who could log in. */
  delete(username: string, options?: OnBehalf): Promise<void>;
  /** Ends every session at once. @throws {YardError} precondition, for the last unlocked administrator */
  lock(username: string, options?: OnBehalf): Promise<User>;
  /** Also forgets wrong tries. */
  unlock(username: string, options?: OnBehalf): Promise<User>;
  /** Ends every session of the user but `keepSessionId`. @throws {YardError} invalid, against the policy's rules */
  setPassword(username: string, password: string, options?: SecretOptions): Promise<void>;
  /** The same where nobody but the user knows the password: only its MD5, as 32 hex digits, logs in until somebody shows the password. */
  setDigest(username: string, digest: string, options?: SecretOptions): Promise<void>;
  /** Counts as a login try: locked out after too many wrong ones. @throws {YardError} unauthenticated, locked */
  checkPassword(username: string, password: string): Promise<void>;
  /** The same for clients that only send the MD5 of the password, as 32 hex digits. @throws {YardError} also forbidden: it is right, but an
   *  administrator has locked the account */
  checkDigest(username: string, digest: string): Promise<void>;
}

export interface IssuedToken {
  readonly token: string;
  readonly sessionId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly audience: string;
  readonly user: User;
  /** The team that it speaks for, where one was asked for. */
  readonly teamId?: string;
}

export interface IssueOptions {
  /** Which API's login this is: `appmesh`, … */
  api: string;
  audience?: string;
  lifetimeMs?: number;
  remoteAddress?: string;
  /** What the client calls itself. */
  userAgent?: string;
  /** Also start a family of refresh tokens, with the usual limits or these. */
  refresh?: boolean | RefreshLimits;
  /** How long a challenge holds; 180 s if absent. */
  challengeMs?: number;
  /** Whether wrong tries at a name that no user has lock that, too, so that a lock does not tell who exists; true if absent. */
  locksStrangers?: boolean;
  /** Ends the sessions that the user's earlier logins through the same API have made. */
  endsOthers?: boolean;
  /** There is no way to come with a code later: who needs one and has not sent it is refused, in place of a challenge. */
  inOneStep?: boolean;
  /** Tells a right password of a locked account from a wrong one. */
  tellsLocked?: boolean;
  /** What the token says beyond whose it is. */
  describe?(user: User): Promise<TokenDetails>;
}

export interface RefreshLimits {
  /** From the login to the end of the family, whatever happens in between. */
  readonly lifetimeMs: number;
  /** How long it may go without a refresh; without it, until its end. */
  readonly idleMs?: number;
}

export interface RefreshOptions extends Pick<IssueOptions, "lifetimeMs" | "describe"> {
  /** Whether a token that comes again is reuse at once. Without it there is a grace of 30 s, in which clients that race get the same successor. */
  isStrict?: boolean;
}

/** A login that goes on, or has ended. */
export interface SessionSummary {
  readonly id: string;
  /** Which API's login made it. */
  readonly api: string;
  readonly remoteAddress: string | null;
  readonly userAgent: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

export interface TokenDetails {
  /** The team that it speaks for. */
  readonly teamId?: string;
  /** Claims that clients read by themselves; nobody here believes them. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

/** What a login shows: the password, or its MD5 in 32 hex digits where the client never shows more. */
export type LoginCredentials = {
  readonly username: string;
  readonly totpCode?: string;
} & ({ readonly password: string } | { readonly digest: string });

export type LoginResult =
  | { readonly kind: "session"; readonly issued: IssuedToken; readonly refreshToken?: string }
  | { readonly kind: "totp"; readonly challenge: string; readonly expiresAt: number };

export interface Sessions {
  /** Name (or e-mail) and password, with a TOTP code where the user has that on; without one a challenge comes back (180 s, one per user).
   *  Wrong tries of either kind count towards the lockout; the errors do not say whether the user exists.
   *  @throws {YardError} unauthenticated, locked (`retryAfterMs`), too_many (the hashing gate is full); forbidden: with `inOneStep` a code is
   *  missing, or a right digest (with `tellsLocked`: a right password) is of a locked account */
  login(credentials: LoginCredentials, options: IssueOptions): Promise<LoginResult>;
  /** @param challenge.username if given, it must be the challenged user's @param challenge.code of the authenticator app, or for recovery
   *  @throws {YardError} unauthenticated */
  completeTotp(
    challenge: { username?: string; challenge: string; code: string },
    options?: Pick<IssueOptions, "lifetimeMs" | "describe">,
  ): Promise<IssuedToken & { readonly refreshToken?: string }>;
  /** A new session beside all others, of a user whom something else than a password vouches for. @throws {YardError} unauthenticated */
  open(userId: string, options: IssueOptions): Promise<IssuedToken & { readonly refreshToken?: string }>;
  /** A new session for whoever holds this one; the old one ends at once. */
  renew(principal: Principal, options: IssueOptions): Promise<IssuedToken>;
  /** The next tokens of a refresh family; reuse of an old one revokes the family. @throws {YardError} unauthenticated */
  refresh(refreshToken: string, options?: RefreshOptions): Promise<{ issued: IssuedToken; refreshToken: string }>;
  /** Ends the family of a refresh token, used or not, and its session at once. @returns whose it was; undefined for what is no token of a
   *  session that goes on */
  endFamily(refreshToken: string): Promise<{ userId: string; username: string; sessionId: string } | undefined>;
  /** Newest first, as many as a list shows. Ended ones are kept for a day. */
  ofUser(userId: string, options?: { withEnded?: boolean }): Promise<readonly SessionSummary[]>;
  /** Ends a session at once, on every replica. @param options.ofUser only if it is this user's and goes on: else not_found */
  revoke(sessionId: string, options?: { ofUser?: string }): Promise<void>;
  revokeAllOf(userId: string): Promise<void>;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly userId: string;
  readonly permissions: readonly string[] | null;
  /** It grants at most what this role does. */
  readonly roleName: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

/** A user's own key, for those who call keys by numbers and keep the revoked ones in sight. */
export interface NumberedKey extends ApiKey {
  readonly number: number;
  readonly lastUsedAddress: string | null;
  readonly revokedAt: number | null;
}

/** A key that speaks for a team alone, with no more rights than who made it has. */
export interface TeamKey extends ApiKey {
  readonly creatorEmail: string | null;
}

export interface ApiKeys {
  /** `key` is shown this once. With a `teamId` it is a team's key, which `Authenticator` takes where it is asked to.
   *  @param key.key the key itself, of full entropy: small letters, an underscore, and no dot; made up if absent
   *  @param key.roleName it then grants what the user and this role both do, at each use
   *  @throws {YardError} precondition, when the user has too many */
  create(
    key: {
      userId: string;
      name: string;
      teamId?: string;
      permissions?: readonly string[];
      roleName?: string;
      expiresAt?: number;
      key?: string;
      /** How many characters of it are shown, to tell keys apart; 10 if absent. */
      shownCharacters?: number;
    },
    options?: OnBehalf,
  ): Promise<{ apiKey: NumberedKey; key: string }>;
  list(userId: string): Promise<readonly ApiKey[]>;
  /** All that are no team's, newest first; also revoked ones. @param options.userId only this user's */
  listNumbered(options?: { userId?: string }): Promise<readonly NumberedKey[]>;
  /** @throws {YardError} not_found, also for a team's */
  getNumbered(number: number): Promise<NumberedKey>;
  /** Newest first. */
  listOfTeam(teamId: string): Promise<readonly TeamKey[]>;
  /** @param options.teamId only if it is that team's @throws {YardError} not_found */
  revoke(id: string, options?: OnBehalf & { teamId?: string }): Promise<void>;
}

/** A user as another service knows one. */
export interface Link {
  /** Lower case, as `github`. */
  readonly provider: string;
  /** The user's id there, which never changes. */
  readonly id: string;
}

export interface Links {
  /** Whom the service vouches for; undefined if it is nobody here. A link is made with its user. */
  find(link: Link): Promise<User | undefined>;
  ofUser(userId: string): Promise<readonly Link[]>;
}

export interface Role {
  readonly name: string;
  /** What it is shown as. */
  readonly displayName: string;
  readonly permissions: readonly string[];
}

export interface Roles {
  all(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** By name. */
  list(): Promise<readonly Role[]>;
  /** @throws {YardError} conflict, invalid, forbidden */
  create(role: Role, options?: OnBehalf): Promise<void>;
  /** Acts at once for all who hold it. @throws {YardError} not_found; forbidden; precondition, for `admin` */
  change(role: Role, options?: OnBehalf): Promise<void>;
  /** Makes or replaces. An empty list deletes. Acts at once for all who hold it. @throws {YardError} precondition, for `admin` */
  set(name: string, permissions: readonly string[], options?: OnBehalf): Promise<void>;
  /** @throws {YardError} not_found; precondition, for `admin` */
  delete(name: string, options?: OnBehalf): Promise<void>;
}

export interface Totp {
  /** A new secret, not yet in force: base 32, 32 characters. Switches an old one off. */
  begin(userId: string): Promise<{ secret: string; uri: string }>;
  /** Proves that the user's device has the secret. The code stays good for one login. @throws {YardError} precondition (no secret yet),
   *  unauthenticated (wrong code)
   *  @returns codes for the day when the device is lost: each logs in once, at every API. They can be read this once */
  enable(userId: string, code: string): Promise<{ readonly recoveryCodes: readonly string[] }>;
  /** Forgets the secret. Of another user only an administrator may. @throws {YardError} forbidden */
  disable(userId: string, options?: OnBehalf): Promise<void>;
}

export interface CredentialOptions {
  /** Of tokens; the yard's own, if absent. */
  readonly audience?: string;
  /** Where the request comes from: remembered of a key. */
  readonly remoteAddress?: string;
  /** Whether a team's key is taken too. It carries the rights of who made it, and whoever takes it must hold it to its team. */
  readonly teamKeys?: boolean;
}

export interface Authenticator {
  /** The principal of a bearer token or API key. A small cache remembers verified ones; expiry, revocation, lock and changed roles
   *  still act at once.
   *  @throws {YardError} unauthenticated */
  authenticate(credential: string, options?: CredentialOptions): Promise<Principal>;
  /** The same without a wait, for a credential that is remembered and need not be looked at again yet; else undefined: authenticate it.
   *  @throws {YardError} unauthenticated */
  recall(credential: string, options?: CredentialOptions): Principal | undefined;
  /** Who somebody is by now who was let in before: with the rights of this moment. @throws {YardError} unauthenticated, once that has ended */
  again(principal: Pick<Principal, "userId" | "credential">): Promise<Principal>;
  /** For a credential that was refused: whether it is a token of ours whose user is locked. Nobody else learns that. */
  isOfLockedUser(credential: string): Promise<boolean>;
}

/** What stands for a credential once, within 30 s. */
export interface Tickets {
  issue(principal: Principal): Promise<{ readonly ticket: string; readonly expiresAt: number }>;
  /** Uses it up. @returns whoever asked for it, with the rights of that moment
   *  @throws {YardError} unauthenticated, also if these rights have changed, or what they rest on has ended */
  redeem(ticket: string): Promise<Principal>;
}

export interface AuditEntry {
  readonly actor: { readonly id: string | null; readonly name: string };
  readonly api: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: "done" | "denied" | "failed";
  readonly remoteAddress?: string;
  readonly requestId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Audit {
  /** Resolves once the entry is saved (entries that arrive together share one commit). */
  record(entry: AuditEntry): Promise<void>;
  /** Walks the chain. @returns how many entries hold, or the first that does not; those up to `prunedThrough` are there no more
   *  @param options.anchor a head that an earlier run returned and somebody kept elsewhere: the chain must still hold it */
  verify(options?: {
    anchor?: { readonly seq: number; readonly hash: string };
  }): Promise<
    { prunedThrough: number } & (
      | { ok: true; entries: number; lastHash: string }
      | { ok: false; brokenAt: number; reason: string }
    )
  >;
}

export interface Identity extends AsyncDisposable {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly apiKeys: ApiKeys;
  readonly roles: Roles;
  readonly teams: Teams;
  readonly memberships: Memberships;
  readonly links: Links;
  readonly quotas: Quotas;
  readonly totp: Totp;
  readonly authenticator: Authenticator;
  readonly tickets: Tickets;
  /** Signing in by other providers of identities. */
  readonly openid: OpenId;
  readonly policy: AccountPolicies;
  readonly audit: Audit;
  /** Forgets expired sessions, challenges and wrong tries; a bounded number per call. @returns how many rows went */
  purgeExpired(): Promise<number>;
}
