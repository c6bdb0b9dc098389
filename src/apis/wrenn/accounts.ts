/** Accounts as Wrenn knows them: known by an e-mail address, with a team from the first moment, and tokens that name the team they are for. */
import { type Static, Type } from "typebox";
import type { Identity, IssuedToken, IssueOptions, Link, Membership, User } from "../../identity/identity.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { randomText } from "../../platform/ids.ts";
import { idToWire } from "./ids.ts";
import { roleToWire } from "./team-words.ts";

const tokenMs = 6 * 3_600_000;
/** Of whoever has signed up: enough for capsules, and nothing on the yard's own machine. */
const signUpRole = "capsules";

export const AuthReply = Type.Object({
  token: Type.String({ description: "To be sent as Authorization: Bearer; good for six hours" }),
  user_id: Type.String(),
  team_id: Type.String({ description: "The team that the token is for" }),
  email: Type.Optional(Type.String()),
  name: Type.String(),
});

export interface NewAccount {
  readonly email: string;
  readonly name: string;
  readonly password?: string;
  readonly link?: Link;
}

export interface Accounts {
  /** @throws {YardError} invalid; conflict: somebody has this e-mail address (`email`), or this login elsewhere (`link`) */
  create(account: NewAccount): Promise<User>;
  /** How a token of this API is issued: for `teamId`, or else for the user's own team. @throws {YardError} when issued: forbidden, for no member */
  tokenOptions(request: ApiRequest, teamId?: string): IssueOptions;
}

export function createAccounts({
  users,
  memberships,
  roles,
}: Pick<Identity, "users" | "memberships" | "roles">): Accounts {
  async function isAdministrator(user: User): Promise<boolean> {
    const all = await roles.all();
    return user.roles.some((role) => all.get(role)?.includes("*"));
  }

  async function describe(user: User, asked: string | undefined) {
    const team = chooseTeam(await memberships.ofUser(user.id), asked);
    const shown = {
      name: shownName(user),
      email: user.email ?? undefined,
      team_id: idToWire("team", team.id),
      role: roleToWire(team.role),
      is_admin: (await isAdministrator(user)) || undefined,
    };
    return { teamId: team.id, shown };
  }

  return {
    async create({ email, name, password, link }) {
      const fixed = { email, password, link, displayName: name, personalTeam: `${name}'s Team`, roles: [signUpRole] };
      const wish = usernameFrom(email);
      try {
        return await users.create({ ...fixed, username: wish });
      } catch (error) {
        if (!isYardError(error, "conflict") || (error.field !== "username" && error.field !== "team")) throw error;
        return users.create({ ...fixed, username: `${wish}-${randomText(6)}` });
      }
    },

    tokenOptions: (request, teamId) => ({
      api: "wrenn",
      lifetimeMs: tokenMs,
      remoteAddress: request.ip,
      describe: (user) => describe(user, teamId),
    }),
  };
}

export function authToWire({ token, user, teamId }: IssuedToken): Static<typeof AuthReply> {
  if (teamId === undefined) throw new Error("a token of this API is for a team");
  return {
    token,
    user_id: idToWire("user", user.id),
    team_id: idToWire("team", teamId),
    ...(user.email !== null && { email: user.email }),
    name: shownName(user),
  };
}

/** Users of other APIs may have no other name than the one by which they log in. */
export function shownName({ displayName, username }: User): string {
  return displayName || username;
}

/** The one that is asked for, or the user's own, or else the first. @throws {YardError} forbidden */
function chooseTeam(memberships: readonly Membership[], asked: string | undefined): Membership {
  const own = memberships.find(({ isPersonal }) => isPersonal) ?? memberships[0];
  const team = asked === undefined ? own : memberships.find(({ id }) => id === asked);
  if (team) return team;
  throw new YardError("forbidden", "You are no member of this team.", { field: "team_id" });
}

/** What other APIs know the user by. So that the address itself is nobody's business there, it is what stands before the @. */
function usernameFrom(email: string): string {
  const local = email.slice(0, email.lastIndexOf("@")).replace(/[^A-Za-z0-9_.-]+/g, "-");
  const name = local.slice(0, 48).replace(/^-+|[-.]+$/g, "");
  return name === "" || name === "self" ? "user" : name;
}

/** @throws {YardError} invalid */
export function personNameFromWire(text: string): string {
  const name = text.trim();
  const bytes = Buffer.byteLength(name);
  if (bytes >= 1 && bytes <= 100) return name;
  throw new YardError("invalid", "must have 1 to 100 bytes", { field: "name" });
}

/** @throws {YardError} invalid: identity asks for less than Wrenn's clients do */
export function requireNewPassword(password: string, field: string): void {
  if (Buffer.byteLength(password) < 8) throw new YardError("invalid", "must have 8 bytes or more", { field });
}
