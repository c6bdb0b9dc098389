/** The calls behind `runyard team`: who works together, and which team one speaks for. A token is for one team; what is done in another takes another. */
import { isYardError, YardError } from "../platform/errors.ts";
import { createYardClient, discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, parseObject, textField } from "./json.ts";
import { signOut } from "./sign-in.ts";

export interface TeamSeen {
  readonly json: JsonObject;
  readonly id: string;
  readonly name: string;
  readonly role?: string;
}

export interface MemberSeen {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly role: string;
}

/** In the order in which they were joined. */
export async function listTeams(client: YardClient): Promise<TeamSeen[]> {
  const teams = await readJson(await client.request({ method: "GET", path: "/v1/teams" }));
  if (!Array.isArray(teams)) throw new TypeError("the list of teams is no array");
  return teams.map(teamIn);
}

export async function createTeam(client: YardClient, name: string): Promise<TeamSeen> {
  return teamIn(await readJson(await client.request({ method: "POST", path: "/v1/teams", json: { name } })));
}

/** @param called its id, or the name that it alone has among the user's @throws {YardError} not_found, conflict */
export async function findTeam(client: YardClient, called: string): Promise<TeamSeen> {
  const found = (await listTeams(client)).filter(({ id, name }) => id === called || name === called);
  if (found.length > 1)
    throw new YardError("conflict", `several teams are called ${called}: name one by its id. Look: runyard team ls`);
  if (found[0]) return found[0];
  throw new YardError("not_found", `you are in no team ${called}. Look: runyard team ls`);
}

/** A token for another team. */
export interface Switched {
  readonly token: string;
  readonly name: string;
  /** Wall time in milliseconds. */
  readonly expiresAt: number;
}

export async function switchTeam(client: YardClient, id: string): Promise<Switched> {
  const call = { path: "/v1/auth/switch-team", json: { team_id: id } };
  const reply = asObject(await readJson(await client.request({ method: "POST", ...call })), "the answer");
  const token = textField(reply, "token");
  const claims = parseObject(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  return { token, name: textField(reply, "name"), expiresAt: numberField(claims, "exp") * 1_000 };
}

/** A team, as somebody who speaks for it. */
export interface EnteredTeam extends AsyncDisposable {
  readonly id: string;
  readonly json: JsonObject;
  readonly name: string;
  readonly members: readonly MemberSeen[];
  /** With a token for this team; disposing ends that. */
  readonly client: YardClient;
}

/** @throws {YardError} not_found; forbidden, with an API key of another team */
export async function enterTeam(client: YardClient, called: string): Promise<EnteredTeam> {
  const { id } = await findTeam(client, called);
  try {
    return { ...(await lookAt(client, id)), client, [Symbol.asyncDispose]: async () => {} };
  } catch (error) {
    if (!isYardError(error, "forbidden")) throw error;
  }
  const { token } = await switchTeam(client, id);
  const inside = createYardClient({ ...client.address, token });
  const leave = (): Promise<void> => signOut(inside).catch(() => {}); // it has ended, or ends by itself within hours
  try {
    return { ...(await lookAt(inside, id)), client: inside, [Symbol.asyncDispose]: leave };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function lookAt(client: YardClient, id: string) {
  const json = asObject(await readJson(await client.request({ method: "GET", path: teamPath(id) })), "the answer");
  if (!Array.isArray(json.members)) throw new TypeError('"members" is no array');
  return { id, json, name: teamIn(json.team).name, members: json.members.map(memberIn) };
}

/** @param called an e-mail address, an id, or the name that only this member has @throws {YardError} not_found, conflict */
export function findMember({ members, name: team }: EnteredTeam, called: string): MemberSeen {
  const found = members.filter(({ id, name, email }) => id === called || name === called || email === called);
  if (found.length > 1) throw new YardError("conflict", `several members are called ${called}: name one by the id.`);
  if (found[0]) return found[0];
  throw new YardError("not_found", `${called} is no member of ${team}.`);
}

export async function renameTeam({ client, id }: EnteredTeam, name: string): Promise<void> {
  await discard(await client.request({ method: "PATCH", path: teamPath(id), json: { name } }));
}

/** Ends all that it runs and has. */
export async function deleteTeam({ client, id }: EnteredTeam): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: teamPath(id) }));
}

export async function leaveTeam({ client, id }: EnteredTeam): Promise<void> {
  await discard(await client.request({ method: "POST", path: `${teamPath(id)}/leave` }));
}

/** As member. @throws {YardError} not_found: nobody has that address */
export async function addMember({ client, id }: EnteredTeam, email: string): Promise<MemberSeen> {
  const call = { path: `${teamPath(id)}/members`, json: { email } };
  return memberIn(await readJson(await client.request({ method: "POST", ...call })));
}

export const memberRoles = ["admin", "member"] as const;
export type MemberRole = (typeof memberRoles)[number];

export async function setRole({ client, id }: EnteredTeam, member: MemberSeen, role: MemberRole): Promise<void> {
  await discard(await client.request({ method: "PATCH", path: memberPath(id, member), json: { role } }));
}

export async function removeMember({ client, id }: EnteredTeam, member: MemberSeen): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: memberPath(id, member) }));
}

const teamPath = (id: string): string => `/v1/teams/${encodeURIComponent(id)}`;
const memberPath = (team: string, { id }: MemberSeen): string => `${teamPath(team)}/members/${encodeURIComponent(id)}`;

function teamIn(value: unknown): TeamSeen {
  const json = asObject(value, "a team");
  return { json, id: textField(json, "id"), name: textField(json, "name"), role: optionalTextField(json, "role") };
}

function memberIn(value: unknown): MemberSeen {
  const json = asObject(value, "a member");
  return {
    id: textField(json, "user_id"),
    name: textField(json, "name"),
    email: optionalTextField(json, "email"),
    role: textField(json, "role"),
  };
}
