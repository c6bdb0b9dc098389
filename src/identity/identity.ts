/** The one identity behind all APIs, as they see it. Built by `openIdentity` (open.ts). */
import type { Principal } from "./principal.ts";

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
}

/** What may be changed of a user; only the given fields are. */
export type UserChanges = Partial<Omit<NewUser, "username" | "password" | "digest">> & {
  /** Locks, and see `User.isRetired`. Any later `locked` takes it back. */
  retired?: true;
};

export interface OnBehalf {
  /** Who asks for the change. Nobody hands out more than they hold themselves, and administrators are out of reach of everybody else:
   *  see grants.ts. Without it the yard itself does. @throws {YardError} forbidden */
  readonly by?: Principal;
}

export interface Users {
  /** @throws {YardError} not_found */
  get(username: string): Promise<User>;
  getById(id: string): Promise<User>;
  /** All but deleted ones, by name. */
  list(): Promise<readonly User[]>;
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
  /** Ends every session of the user but `keepSessionId`. @throws {YardError} invalid, shorter than `minLength` (6) */
  setPassword(username: string, password: string, options?: { keepSessionId?: string }): Promise<void>;
  /** The same where nobody but the user knows the password: only its MD5, as 32 hex digits, logs in until somebody shows the password. */
  setDigest(username: string, digest: string, options?: { keepSessionId?: string }): Promise<void>;
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
}

export interface IssueOptions {
  /** Which API's login this is: `appmesh`, … */
  api: string;
  audience?: string;
  lifetimeMs?: number;
  remoteAddress?: string;
  /** Also start a family of refresh tokens. */
  refresh?: boolean;
  /** Ends the sessions that the user's earlier logins through the same API have made. */
  endsOthers?: boolean;
  /** There is no way to come with a code later: who needs one and has not sent it is refused, in place of a challenge. */
  inOneStep?: boolean;
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
   *  missing, or a right digest is of a locked account */
  login(credentials: LoginCredentials, options: IssueOptions): Promise<LoginResult>;
  /** @throws {YardError} unauthenticated */
  completeTotp(
    challenge: { username: string; challenge: string; code: string },
    options?: { lifetimeMs?: number },
  ): Promise<IssuedToken & { readonly refreshToken?: string }>;
  /** A new session for whoever holds this one; the old one ends at once. */
  renew(principal: Principal, options: IssueOptions): Promise<IssuedToken>;
  /** The next tokens of a refresh family; reuse of an old one revokes the family. @throws {YardError} unauthenticated */
  refresh(refreshToken: string): Promise<{ issued: IssuedToken; refreshToken: string }>;
  /** Ends a session at once, on every replica. */
  revoke(sessionId: string): Promise<void>;
  revokeAllOf(userId: string): Promise<void>;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly userId: string;
  readonly permissions: readonly string[] | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

export interface ApiKeys {
  /** `key` is shown this once. */
  create(key: {
    userId: string;
    name: string;
    teamId?: string;
    permissions?: readonly string[];
    expiresAt?: number;
  }): Promise<{ apiKey: ApiKey; key: string }>;
  list(userId: string): Promise<readonly ApiKey[]>;
  revoke(id: string): Promise<void>;
}

export interface Roles {
  all(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Makes or replaces. An empty list deletes. Acts at once for all who hold it. @throws {YardError} precondition, for `admin` */
  set(name: string, permissions: readonly string[], options?: OnBehalf): Promise<void>;
  /** @throws {YardError} not_found; precondition, for `admin` */
  delete(name: string, options?: OnBehalf): Promise<void>;
}

export interface Team {
  readonly id: string;
  readonly name: string;
  readonly personalOf: string | null;
  readonly members: readonly { readonly username: string; readonly role: "owner" | "admin" | "member" | "viewer" }[];
  /** A name; null where nobody knows. */
  readonly createdBy: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly storageQuotaBytes: number;
}

export interface Teams {
  list(): Promise<readonly Team[]>;
  get(name: string): Promise<Team>;
  /** `withinQuota`: not beyond how many teams the user may have made.
   *  @throws {YardError} conflict: a team or a user has that name; invalid; forbidden: the quota is reached */
  create(name: string, owner: { userId: string }, options?: { withinQuota?: boolean }): Promise<Team>;
  /** @throws {YardError} precondition, if the last owner would go */
  setMember(team: string, username: string, role: "owner" | "admin" | "member" | "viewer"): Promise<void>;
  removeMember(team: string, username: string): Promise<void>;
  /** Makes all of these users members, or changes what they may do: all or none. Also in personal teams. An owner who is to be `admin` stays
   *  owner. Where the last owner would go, the first admin takes the place.
   *  @throws {YardError} not_found (team), invalid (a user that there is not), precondition (nobody could lead it; or it is the user's own) */
  setMembers(team: string, roles: ReadonlyMap<string, "admin" | "member" | "viewer">): Promise<void>;
  /** The same for those who go; who is no member stays none. */
  removeMembers(team: string, usernames: readonly string[]): Promise<void>;
  delete(name: string): Promise<void>;
}

/** Sets a quota, or adds to it: below zero, it takes away. */
export interface QuotaChange {
  readonly kind: "set" | "add";
  readonly amount: number;
}

export interface Quotas {
  /** How many teams a user may have made, the personal one included; never below 0.
   *  @returns how many that are now @throws {YardError} not_found */
  changeTeamQuota(username: string, change: QuotaChange): Promise<number>;
  /** How many bytes a team may keep. It may fall below what is kept, and below 0: then nothing new is taken.
   *  @returns how many that are now @throws {YardError} not_found, invalid */
  changeStorageQuota(team: string, change: QuotaChange): Promise<number>;
}

export interface Totp {
  /** A new secret, not yet in force: base 32, 32 characters. Switches an old one off. */
  begin(userId: string): Promise<{ secret: string; uri: string }>;
  /** Proves that the user's device has the secret. The code stays good for one login. @throws {YardError} precondition (no secret yet),
   *  unauthenticated (wrong code) */
  enable(userId: string, code: string): Promise<void>;
  /** Forgets the secret. Of another user only an administrator may. @throws {YardError} forbidden */
  disable(userId: string, options?: OnBehalf): Promise<void>;
}

export interface Authenticator {
  /** The principal of a bearer token or API key. A small cache remembers verified ones; expiry, revocation, lock and changed roles
   *  still act at once. `audience` defaults to the yard's own.
   *  @throws {YardError} unauthenticated */
  authenticate(credential: string, options?: { audience?: string }): Promise<Principal>;
  /** The same without a wait, for a credential that is remembered and need not be looked at again yet; else undefined: authenticate it.
   *  @throws {YardError} unauthenticated */
  recall(credential: string, options?: { audience?: string }): Principal | undefined;
  /** For a credential that was refused: whether it is a token of ours whose user is locked. Nobody else learns that. */
  isOfLockedUser(credential: string): Promise<boolean>;
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
  /** Walks the chain. @returns how many entries hold, or the first that does not
   *  @param options.anchor a head that an earlier run returned and somebody kept elsewhere: the chain must still hold it */
  verify(options?: {
    anchor?: { readonly seq: number; readonly hash: string };
  }): Promise<{ ok: true; entries: number; lastHash: string } | { ok: false; brokenAt: number; reason: string }>;
}

export interface Identity extends AsyncDisposable {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly apiKeys: ApiKeys;
  readonly roles: Roles;
  readonly teams: Teams;
  readonly quotas: Quotas;
  readonly totp: Totp;
  readonly authenticator: Authenticator;
  readonly audit: Audit;
  /** Forgets expired sessions, challenges and wrong tries; a bounded number per call. @returns how many rows went */
  purgeExpired(): Promise<number>;
}
