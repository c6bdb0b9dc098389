/** From what a provider says of somebody to a user of the yard: the one whom it has vouched for before, or who has the e-mail address that it has verified
 *  and that is known to be theirs, or a new one. With each sign-in the user gets the role that the provider gives by now, in place of what it gave before;
 *  roles that administrators have given stay. */
import type { Kysely } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import type { Schema } from "../../platform/db/schema.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { randomText } from "../../platform/ids.ts";
import { keepAnAdministrator } from "../administrators.ts";
import type { Changes } from "../changes.ts";
import type { Link, Links, NewUser, User, Users } from "../identity.ts";
import { addLink, subjectOf } from "../links.ts";
import type { Lockout } from "../lockout.ts";
import { nameKey } from "../names.ts";
import { adminRole } from "../roles.ts";
import { setRoles } from "../user-profile.ts";
import { readUser, requireRowById } from "../user-rows.ts";
import { holderOfEmail } from "../vouched-emails.ts";
import type { Claims } from "./claims.ts";
import type { OpenIdProvider } from "./provider.ts";
import { usernameFrom } from "./usernames.ts";

export interface Arrival {
  readonly user: User;
  /** How the user was found. */
  readonly as: "known" | "linked" | "new";
  /** Where the provider gives another role than at the last sign-in. */
  readonly roleChange?: { readonly before: string | null; readonly after: string };
}

export interface EntryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly users: Pick<Users, "create">;
  readonly links: Pick<Links, "find">;
  readonly lockout: Pick<Lockout, "refuseIfLocked">;
}

/** @throws {YardError} forbidden, for a locked account; locked; conflict, invalid: nobody can be let in or made; precondition: it was the last
 *  administrator */
export type Enter = (provider: OpenIdProvider, claims: Claims) => Promise<Arrival>;

type Found = Pick<Arrival, "user" | "as">;
const operatorRole = "operator";
/** Then characters are drawn in place of numbers. */
const mostNumbered = 20;

export function createEnter({ database, clock, changes, users, links, lockout }: EntryParts): Enter {
  async function requireMayEnter({ username, state }: Pick<User, "username" | "state">): Promise<void> {
    if (state !== "active")
      throw new YardError("forbidden", "This account is locked. An administrator can make it active again.");
    await lockout.refuseIfLocked(nameKey(username));
  }

  async function findKnown(link: Link): Promise<Found | undefined> {
    const user = await links.find(link);
    return user && { user, as: "known" };
  }

  async function findByEmail(link: Link, { email }: Claims): Promise<Found | undefined> {
    const holder = email && (await holderOfEmail(database.kysely, email.address));
    if (!holder) return undefined;
    if (!email.isVerified || !holder.isVouchedFor) throw takenEmail(email.address);
    await requireMayEnter(holder.user);
    return database.transaction(async (trx) => {
      const now = await holderOfEmail(trx, email.address);
      if (now?.user.id !== holder.user.id || !now.isVouchedFor) throw takenEmail(email.address);
      await addLink(trx, now.user.id, link, clock.now());
      return { user: await readUser(trx, now.user), as: "linked" };
    });
  }

  async function make(link: Link, { email, names, displayName }: Claims, provider: OpenIdProvider): Promise<Found> {
    if (email === undefined)
      throw new YardError(
        "invalid",
        `${provider.displayName} tells no e-mail address, without which nobody is new here.`,
      );
    const wish = usernameFrom(names);
    const user = { link, displayName, hostTags: provider.hostTags, ...(email.isVerified && verified(email.address)) };
    for (let number = 1; ; number++) {
      const username = number === 1 ? wish : `${wish}${number <= mostNumbered ? number : `-${randomText(6)}`}`;
      try {
        return { user: await users.create({ ...user, username }), as: "new" };
      } catch (error) {
        const isTaken = isYardError(error, "conflict") && (error.field === "username" || error.field === "team");
        if (!isTaken || number > mostNumbered) throw error;
      }
    }
  }

  async function find(link: Link, claims: Claims, provider: OpenIdProvider): Promise<Found> {
    try {
      return (await findKnown(link)) ?? (await findByEmail(link, claims)) ?? (await make(link, claims, provider));
    } catch (error) {
      // Of two first sign-ins at once the other one may have made the link.
      const known = isYardError(error, "conflict") ? await findKnown(link) : undefined;
      if (known) return known;
      throw error;
    }
  }

  /** Gives what the provider says, and takes what only it has given before. */
  async function grant({ id }: User, link: Link, after: string): Promise<Omit<Arrival, "as">> {
    const arrival = await database.transaction(async (trx) => {
      const links = await trx.selectFrom("user_links").selectAll().where("user_id", "=", id).execute();
      const before = links.find(({ subject }) => subject === subjectOf(link))?.granted_role ?? null;
      const user = await readUser(trx, await requireRowById(trx, id));
      const others = links.filter(({ subject }) => subject !== subjectOf(link)).map((other) => other.granted_role);
      const kept = user.roles.filter((role) => role !== before || others.includes(role));
      const roles = [...new Set([...kept, after])];
      if (before === after && roles.length === user.roles.length) return { user };
      await keepAnAdministrator(trx, () => setRoles(trx, id, roles));
      await rememberGrant(trx, link, after);
      return { user: { ...user, roles: roles.sort() }, roleChange: { before, after } };
    });
    if (arrival.roleChange) await changes.userChanged(id);
    return arrival;
  }

  return async (provider, claims) => {
    const link = linkOf(claims);
    const { user, as } = await find(link, claims, provider);
    await requireMayEnter(user);
    return { ...(await grant(user, link, roleFor(provider, claims))), as };
  };
}

/** The issuer is a URL, which has no space. */
function linkOf({ issuer, subject }: Claims): Link {
  return { provider: "openid", id: `${issuer} ${subject}` };
}

function roleFor({ groupClaim, adminGroup, operatorGroup, defaultRole }: OpenIdProvider, claims: Claims): string {
  const groups = groupClaim === "" ? [] : claims.listed(groupClaim);
  const isIn = (group: string) => group !== "" && groups.includes(group);
  if (isIn(adminGroup)) return adminRole;
  return isIn(operatorGroup) ? operatorRole : defaultRole;
}

async function rememberGrant(trx: Kysely<Schema>, link: Link, granted_role: string): Promise<void> {
  await trx.updateTable("user_links").set({ granted_role }).where("subject", "=", subjectOf(link)).execute();
}

/** One that nobody has verified is not kept: it would be taken from whoever's it is. */
function verified(email: string): Pick<NewUser, "email" | "isEmailVerified"> {
  return { email, isEmailVerified: true };
}

function takenEmail(email: string): YardError {
  const advice = "An administrator can say that it is yours, by taking it from that user and writing it again.";
  return new YardError(
    "conflict",
    `A user here has the address ${email} already, and it is not certain that it is you. ${advice}`,
    {
      field: "email",
    },
  );
}
