/** Teams as the APIs see them. */

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

export type TeamRole = "owner" | "admin" | "member" | "viewer";

/** A team by its id, for those who show it by a name that others may have too. */
export interface TeamFacts {
  readonly id: string;
  /** By which it is found. */
  readonly name: string;
  readonly displayName: string;
  /** Whether its capsules run on hosts of its own alone. */
  readonly isByoc: boolean;
  readonly createdAt: number;
}

export interface Membership extends TeamFacts {
  readonly role: TeamRole;
  readonly isPersonal: boolean;
}

export interface TeamMember {
  readonly userId: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly role: TeamRole;
  readonly joinedAt: number;
}

/** Teams with one owner, who leads them with admins. What a user may do (`by`, an id) is looked up when it is done.
 *  @throws {YardError} not_found, for a team that there is not; forbidden, for who is no member of it or may not do it there */
export interface Memberships {
  /** In the order in which the user has joined. */
  ofUser(userId: string): Promise<readonly Membership[]>;
  team(teamId: string): Promise<TeamFacts>;
  /** In the order in which they have joined. */
  members(teamId: string): Promise<readonly TeamMember[]>;
  /** Makes a team, with `by` as its owner. Its name is made of what it is shown as. @throws {YardError} forbidden: the quota is reached */
  create(displayName: string, by: string): Promise<Membership>;
  rename(teamId: string, displayName: string, by: string): Promise<void>;
  /** As `member`. @throws {YardError} not_found (`email`), conflict */
  add(teamId: string, email: string, by: string): Promise<TeamMember>;
  /** @throws {YardError} not_found (`userId`), also forbidden for the owner's role */
  setRole(teamId: string, userId: string, role: "admin" | "member", by: string): Promise<void>;
  remove(teamId: string, userId: string, by: string): Promise<void>;
  /** @throws {YardError} forbidden, for the owner */
  leave(teamId: string, userId: string): Promise<void>;
  /** Ends the team and, in the background, all that it has. Who loses the personal team by that gets another, empty one. */
  dissolve(teamId: string, by: string): Promise<void>;
  /** For good: there is no way back. */
  makeByoc(teamId: string): Promise<void>;
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
