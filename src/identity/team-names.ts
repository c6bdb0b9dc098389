/** Names for teams and users that are known by something which is no name: by what a team is shown as, by an e-mail address. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { randomText } from "../platform/ids.ts";
import { isName } from "./names.ts";
import { findTeam } from "./team-rows.ts";

/** So that what is added leaves it a name. */
const mostKept = 48;

/** `Ada's Team` → `Ada-s-Team`, or that and a few random characters, where it is somebody's. Names of users are names of teams too. */
export async function freeTeamName(db: Kysely<Schema>, shown: string): Promise<string> {
  const name = shown
    .replace(/[^A-Za-z0-9_.]+/g, "-")
    .slice(0, mostKept)
    .replace(/^-+|-+$/g, "");
  if (isName(name) && !(await findTeam(db, name))) return name;
  return `${isName(name) ? name : "team"}-${randomText(6)}`;
}
