/** OS users of this machine, from /etc/passwd. */
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
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [user, , uid, gid, , home, shell] = line.split(":");
    if (user === name && uid && gid) {
      return { name, uid: Number(uid), gid: Number(gid), home: home || "/", shell: shell || "/bin/sh" };
    }
  }
  return undefined;
}
