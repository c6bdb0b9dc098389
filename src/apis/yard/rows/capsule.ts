/** A capsule as a row. */
import { type Static, Type } from "typebox";
import { type Capsule, capsuleStatuses } from "../../../capsules/capsule.ts";
import type { TeamSeen } from "../access.ts";
import { Moment, OptionalMoment, OptionalText } from "./texts.ts";

export const CapsuleRow = Type.Object({
  id: Type.String(),
  teamId: Type.String(),
  team: Type.String(),
  status: Type.Enum([...capsuleStatuses]),
  template: Type.String(),
  driver: Type.String(),
  vcpus: Type.Integer(),
  memoryMb: Type.Integer(),
  diskMb: Type.Integer(),
  idleTimeoutSeconds: Type.Integer({ description: "0: never paused by itself" }),
  hostId: Type.String(),
  hostName: OptionalText,
  keeps: Type.Enum(["frozen", "saved", "none"]),
  mayUse: Type.Boolean({ description: "The caller is more than a viewer of the team" }),
  reason: OptionalText,
  createdAt: Moment,
  updatedAt: Moment,
  startedAt: OptionalMoment,
  lastActiveAt: OptionalMoment,
});
export type CapsuleRow = Static<typeof CapsuleRow>;

export interface CapsuleSurroundings {
  /** As Wrenn's API spells it. */
  idToWire(kind: "capsule" | "team", id: string): string;
  hostName(hostId: string): string | null;
}

export function capsuleRow(capsule: Capsule, team: TeamSeen, { idToWire, hostName }: CapsuleSurroundings): CapsuleRow {
  const { status, template, driver, vcpus, memoryMb, diskMb, idleTimeoutSeconds, hostId, keeps } = capsule;
  return {
    ...{ id: idToWire("capsule", capsule.id), teamId: idToWire("team", team.id), team: team.name },
    ...{ status, template, driver, vcpus, memoryMb, diskMb, idleTimeoutSeconds, hostId, keeps },
    ...{ hostName: hostName(hostId), mayUse: team.role !== "viewer", reason: capsule.reason ?? null },
    ...{ createdAt: capsule.createdAt, updatedAt: capsule.updatedAt },
    ...{ startedAt: capsule.startedAt ?? null, lastActiveAt: capsule.lastActiveAt ?? null },
  };
}

export function textsOfCapsule({ id, team, status, template, driver, hostName, reason }: CapsuleRow) {
  return [id, team, status, template, driver, hostName, reason];
}
