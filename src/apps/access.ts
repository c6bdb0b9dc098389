/** Who may see and change an app. The owner, administrators and, where there is no owner, everybody may do all; for others the
 *  app's `sharing` decides, and an app without `sharing` is open. */
import { YardError } from "../platform/errors.ts";
import type { AppDefinition, Sharing } from "./app.ts";
import type { Actor } from "./parts.ts";

export interface Owned {
  readonly name: string;
  readonly ownerId: string | null;
  /** Empty also for an owner who is no longer a user. */
  readonly ownerTeams: readonly string[];
  readonly sharing: AppDefinition["sharing"];
}

export function accessOf(actor: Actor, app: Omit<Owned, "name">): Sharing {
  if (app.ownerId === null || app.ownerId === actor.userId || actor.isAdmin || !app.sharing) return "write";
  const isTeammate = app.ownerTeams.some((team) => actor.teams.has(team));
  return isTeammate ? app.sharing.team : app.sharing.others;
}

/** @throws {YardError} forbidden */
export function requireAccess(actor: Actor, app: Owned, wanted: "read" | "write"): void {
  const access = accessOf(actor, app);
  if (access === "write" || access === wanted) return;
  const verb = wanted === "read" ? "see" : "change";
  throw new YardError(
    "forbidden",
    `${actor.username} may not ${verb} the app ${app.name}: its owner has not shared it so`,
  );
}
