/** Who sees which rows: as the API decides that they come from. */
import type { Reach } from "../../containers/docker-hosts.ts";
import type { Permission } from "../../identity/permissions.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";

export const rowKinds = [
  "apps",
  "tasks",
  "capsules",
  "executions",
  "containers",
  "stacks",
  "hosts",
  "events",
  "alerts",
  "users",
] as const;
export type RowKind = (typeof rowKinds)[number];

export interface Access {
  /** Who lacks one of them sees no such rows at all. */
  readonly needs: Readonly<Record<RowKind, readonly Permission[]>>;
  viewer(principal: Principal): Promise<Viewer>;
}

/** Somebody who looks, with all that decides which rows are theirs to see. */
export interface Viewer {
  readonly principal: Principal;
  /** Whose tasks and capsules they see, by id. */
  readonly teams: ReadonlyMap<string, TeamSeen>;
  /** Whose executions they see. */
  readonly ownTeamId: string;
  /** Which hosts. */
  readonly reach: Reach;
}

export interface TeamSeen {
  readonly id: string;
  readonly name: string;
  readonly role: "owner" | "admin" | "member" | "viewer";
}

export function maySee({ needs }: Pick<Access, "needs">, principal: Principal, kind: RowKind): boolean {
  return needs[kind].every((permission) => mayDo(principal, permission));
}
