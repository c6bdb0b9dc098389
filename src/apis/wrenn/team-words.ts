/** Teams and their members, in Wrenn's words. */
import { createHash } from "node:crypto";
import { Type } from "typebox";
import type { Membership, TeamFacts, TeamMember, TeamRole } from "../../identity/identity.ts";
import { YardError } from "../../platform/errors.ts";
import { idToWire } from "./ids.ts";
import { Timestamp } from "./schemas.ts";
import { timeToWire } from "./times.ts";

export const RoleReply = Type.Union([Type.Literal("owner"), Type.Literal("admin"), Type.Literal("member")]);

export const TeamReply = Type.Object({
  id: Type.String(),
  name: Type.String(),
  slug: Type.String({ description: "Twelve hex digits that never change, and are no other team's" }),
  is_byoc: Type.Boolean({ description: "Whether its capsules run on hosts of its own alone" }),
  created_at: Timestamp,
});

export const TeamWithRoleReply = Type.Object({ ...TeamReply.properties, role: RoleReply });

export const MemberReply = Type.Object({
  user_id: Type.String(),
  name: Type.String(),
  email: Type.Optional(Type.String()),
  role: RoleReply,
  joined_at: Timestamp,
});

export function teamToWire({ id, displayName, isByoc, createdAt }: TeamFacts) {
  return {
    id: idToWire("team", id),
    name: displayName,
    slug: slugOf(id),
    is_byoc: isByoc,
    created_at: timeToWire(createdAt),
  };
}

export function membershipToWire(membership: Membership) {
  return { ...teamToWire(membership), role: roleToWire(membership.role) };
}

export function memberToWire({ userId, displayName, email, role, joinedAt }: TeamMember) {
  return {
    user_id: idToWire("user", userId),
    name: displayName,
    ...(email !== null && { email }),
    role: roleToWire(role),
    joined_at: timeToWire(joinedAt),
  };
}

/** Wrenn knows nobody who may only look: what they may not do they are told when they try. */
export function roleToWire(role: TeamRole): "owner" | "admin" | "member" {
  return role === "viewer" ? "member" : role;
}

/** Made of the id, which is given once and never again: so it needs no place to be kept in when the team is gone. */
function slugOf(teamId: string): string {
  const digits = createHash("sha256").update(teamId).digest("hex");
  return `${digits.slice(0, 6)}-${digits.slice(6, 12)}`;
}

const namePattern = /^[A-Za-z0-9 _@'-]{1,128}$/;

/** @throws {YardError} invalid */
export function teamNameFromWire(text: string): string {
  const name = text.trim();
  if (namePattern.test(name)) return name;
  throw new YardError("invalid", "a team's name has 1 to 128 letters, digits, spaces or _ - @ '", { field: "name" });
}
