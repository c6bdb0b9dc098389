/** What a member may do in a group, in both tongues. Mitosis knows no owner: a group's owners are Admins like the others. */
import { Type } from "typebox";
import type { TeamRole } from "../../tasks/task.ts";

const spellings = {
  Read: ["Read", "read", "READ"],
  Write: ["Write", "write", "WRITE"],
  Admin: ["Admin", "admin", "ADMIN"],
} as const;

export type WireRole = keyof typeof spellings;
type Spelling = (typeof spellings)[WireRole][number];
type GivenRole = Exclude<TeamRole, "owner">;

export const RoleReply = Type.Union([Type.Literal("Read"), Type.Literal("Write"), Type.Literal("Admin")]);

/** Taken in three spellings. */
export const RoleRequest = Type.Unsafe<Spelling>({
  type: "string",
  enum: Object.values(spellings).flat(),
  description: "Read, Write or Admin",
});

const toYard = { Read: "viewer", Write: "member", Admin: "admin" } as const satisfies Record<WireRole, TeamRole>;
const toWire = { viewer: "Read", member: "Write", admin: "Admin", owner: "Admin" } as const satisfies Record<
  TeamRole,
  WireRole
>;

const fromSpelling: ReadonlyMap<string, GivenRole> = new Map(
  (Object.keys(spellings) as WireRole[]).flatMap((role) => spellings[role].map((text) => [text, toYard[role]])),
);

/** Undefined for what is none of the spellings. */
export function roleFromWire(text: Spelling): GivenRole;
export function roleFromWire(text: string): GivenRole | undefined;
export function roleFromWire(text: string): GivenRole | undefined {
  return fromSpelling.get(text);
}

export function roleToWire(role: TeamRole): WireRole {
  return toWire[role];
}
