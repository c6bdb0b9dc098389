/** The calls behind `runyard group`: the groups that tasks, workers and attachments belong to. */
import { groupPath } from "./attachments.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";

export const groupRoles = ["Read", "Write", "Admin"] as const;
export type GroupRole = (typeof groupRoles)[number];

/** What each of the user's groups lets them do. */
export async function listGroups(client: YardClient): Promise<ReadonlyMap<string, string>> {
  const response = await client.request({ method: "GET", path: "/users/groups" });
  const { groups } = asObject(await readJson(response), "the answer");
  return rolesIn(groups);
}

export async function createGroup(client: YardClient, name: string): Promise<void> {
  await discard(await client.request({ method: "POST", path: "/groups", json: { group_name: name } }));
}

export interface GroupSeen {
  readonly json: JsonObject;
  readonly name: string;
  readonly creator?: string;
  /** Ever submitted. */
  readonly tasks: number;
  readonly workers: number;
  /** Bytes. */
  readonly storage: { readonly used: number; readonly quota: number };
  /** For its Admins alone. */
  readonly members?: ReadonlyMap<string, string>;
}

export async function getGroup(client: YardClient, name: string): Promise<GroupSeen> {
  const json = asObject(await readJson(await client.request({ method: "GET", path: groupPath(name) })), "the group");
  return {
    json,
    name: textField(json, "group_name"),
    creator: optionalTextField(json, "creator_username") || undefined,
    tasks: numberField(json, "task_count"),
    workers: numberField(json, "worker_count"),
    storage: { used: numberField(json, "storage_used"), quota: numberField(json, "storage_quota") },
    members: json.users_in_group === null ? undefined : rolesIn(json.users_in_group),
  };
}

/** Takes the users in, or changes what they may do: all of them, or none. */
export async function setMembers(
  client: YardClient,
  group: string,
  users: readonly string[],
  role: GroupRole,
): Promise<void> {
  const relations = Object.fromEntries(users.map((user) => [user, role]));
  await discard(await client.request({ method: "PUT", path: `${groupPath(group)}/users`, json: { relations } }));
}

export async function removeMembers(client: YardClient, group: string, users: readonly string[]): Promise<void> {
  const query = { users: users.join(",") };
  await discard(await client.request({ method: "DELETE", path: `${groupPath(group)}/users`, query }));
}

function rolesIn(value: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(asObject(value, "the roles")).map(([name, role]) => [name, String(role)]));
}
