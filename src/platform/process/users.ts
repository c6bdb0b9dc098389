/** OS users and groups of this machine, from /etc/passwd and /etc/group. */
import { readFileSync } from "node:fs";

export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** @returns undefined if there is none of that name. @see passwd(5) */
export function findOsUser(name: string): OsUser | undefined {
  return findWhere((user) => user.name === name);
}

/** Whom this process runs as: a name, or the number of a user without one, as containers have them. */
export function ownOsUser(): string {
  return osUserName(process.geteuid?.() ?? 0);
}

/** The name of the user with that number, or else the number. */
export function osUserName(uid: number): string {
  return findWhere((user) => user.uid === uid)?.name ?? String(uid);
}

function findWhere(isWanted: (user: OsUser) => boolean): OsUser | undefined {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name, , uid, gid, , home, shell] = line.split(":");
    if (!name || !uid || !gid) continue;
    const user = { name, uid: Number(uid), gid: Number(gid), home: home || "/", shell: shell || "/bin/sh" };
    if (isWanted(user)) return user;
  }
  return undefined;
}

/** From /etc/group. @returns undefined if there is none of that name. @see group(5) */
export function findOsGroup(name: string): { readonly gid: number } | undefined {
  for (const line of readFileSync("/etc/group", "utf8").split("\n")) {
    const [group, , gid] = line.split(":");
    if (group === name && gid) return { gid: Number(gid) };
  }
  return undefined;
}
