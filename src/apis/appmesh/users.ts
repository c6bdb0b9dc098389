/** Users on App Mesh's wire. Its `group` is a team here, its `key` a password, and a user is added and changed by the same request. */
import { isUtf8 } from "node:buffer";
import { type Static, type TSchema, Type } from "typebox";
import type { NewUser, User, UserChanges } from "../../identity/identity.ts";
import { YardError } from "../../platform/errors.ts";
import { findOsUser, ownOsUser } from "../../platform/process/users.ts";
import { inWireFields } from "./field-names.ts";
import { groupOf } from "./tokens.ts";

const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

export const UserPath = Type.Object({ user_name: Type.String({ minLength: 1 }) });

/** Unknown fields are ignored: clients send a viewed user back. */
export const UserRequest = Type.Object(
  {
    key: nullable(Type.String({ description: "Password of a new user; of an existing one it stays as it is" })),
    email: nullable(Type.String()),
    group: nullable(Type.String({ description: "Empty: a group of its own" })),
    exec_user: nullable(Type.String({ description: "OS user that its programs run as; empty: the agent's" })),
    metadata: nullable(Type.String()),
    locked: nullable(Type.Boolean()),
    mfa_enabled: nullable(Type.Boolean({ description: "TOTP stays as it is; it can't be switched on from here" })),
    mfa_key: nullable(Type.String({ description: "Must be empty: the server makes TOTP secrets" })),
    roles: nullable(Type.Array(Type.String())),
  },
  { additionalProperties: true },
);
export type UserRequest = Static<typeof UserRequest>;

export const UserView = Type.Object({
  name: Type.String(),
  email: Type.String(),
  group: Type.String(),
  exec_user: Type.String({ description: "Whom its programs run as" }),
  locked: Type.Boolean(),
  mfa_enabled: Type.Boolean({ description: "Whether logging in needs a TOTP code" }),
  roles: Type.Array(Type.String()),
  metadata: Type.Optional(Type.String()),
});
export type UserView = Static<typeof UserView>;

export function userToWire(user: User): UserView {
  return {
    name: user.username,
    email: user.email ?? "",
    group: groupOf(user),
    exec_user: user.execUser || ownOsUser(),
    locked: user.state === "locked",
    mfa_enabled: user.totpEnabled,
    roles: [...user.roles],
    metadata: user.metadata ?? undefined,
  };
}

/** @throws {YardError} invalid, precondition */
export function newUserFromWire(username: string, body: UserRequest): NewUser {
  if (!body.key) throw new YardError("invalid", "a new user needs a password", { field: "key" });
  return { username, password: body.key, ...changesFromWire(body) };
}

/** All that a request sets: what it leaves out becomes empty, but for password and TOTP, which have operations of their own.
 *  @param user of an existing one: it stays in its teams, however many, while its group is the same
 *  @throws {YardError} invalid, precondition */
export function changesFromWire(body: UserRequest, user?: User): UserChanges {
  if (body.mfa_key || (body.mfa_enabled && !user?.totpEnabled))
    throw new YardError("precondition", "TOTP is set up by the user, at /appmesh/totp/secret and /appmesh/totp/setup", {
      field: body.mfa_key ? "mfa_key" : "mfa_enabled",
    });
  return {
    email: body.email || null,
    execUser: execUserFromWire(body.exec_user ?? ""),
    metadata: body.metadata ?? null,
    roles: body.roles ?? [],
    teams: user && body.group === groupOf(user) ? undefined : body.group ? [body.group] : [],
    locked: body.locked ?? false,
  };
}

/** The agent's own OS user is what viewed users show where none is set. */
function execUserFromWire(name: string): string {
  if (name === "" || name === ownOsUser()) return "";
  if (!findOsUser(name))
    throw new YardError("invalid", `there is no OS user ${JSON.stringify(name.slice(0, 80))} here`, {
      field: "exec_user",
    });
  return name;
}

const wireFields: Readonly<Record<string, string>> = {
  username: "user_name",
  password: "key",
  execUser: "exec_user",
  team: "group",
  teams: "group",
  role: "roles",
};

/** Does `work`; an error that names a field of a user names the wire's. */
export function inUserFields<T>(work: () => Promise<T>): Promise<T> {
  return inWireFields(work, (field) => wireFields[field] ?? field);
}

/** The text of a base64 field. @throws {YardError} invalid */
export function textFromBase64(encoded: string, field: string): string {
  const bytes = Buffer.from(encoded, "base64");
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(encoded) && isUtf8(bytes)) return bytes.toString("utf8");
  throw new YardError("invalid", "must be the base64 of a text", { field });
}
