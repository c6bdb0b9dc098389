/** Capsules and templates in Wrenn's words. */
import { Type } from "typebox";
import { type Capsule, type CapsuleTemplate, capsuleStatuses } from "../../capsules/capsule.ts";
import { idToWire } from "./ids.ts";
import { Timestamp } from "./schemas.ts";
import { timeToWire } from "./times.ts";

export const CapsuleReply = Type.Object({
  id: Type.String(),
  status: Type.Enum([...capsuleStatuses]),
  template: Type.String(),
  vcpus: Type.Integer(),
  memory_mb: Type.Integer(),
  timeout_sec: Type.Integer({ description: "Without use for so long it is paused; 0: never" }),
  guest_ip: Type.Optional(
    Type.String({ description: "Never there: capsules are reached by the names of their ports" }),
  ),
  host_ip: Type.Optional(Type.String({ description: "Never there, likewise" })),
  created_at: Timestamp,
  started_at: Type.Optional(Timestamp),
  last_active_at: Type.Optional(Timestamp),
  last_updated: Timestamp,
  metadata: Type.Object(
    {
      driver: Type.String({ description: "What keeps it apart from its host" }),
      pause_keeps: Type.Enum(["memory-in-place", "memory-on-disk", "files"], {
        description:
          "What a pause keeps: all of it; all of it, but its memory only until its host restarts; or its files alone",
      }),
      reason: Type.Optional(Type.String({ description: "Why it is in error, missing or hibernated" })),
    },
    { description: "What else is known of it" },
  ),
});

const keptByPause = { frozen: "memory-in-place", saved: "memory-on-disk", none: "files" } as const;

export function capsuleToWire(capsule: Capsule) {
  const { startedAt, lastActiveAt, reason } = capsule;
  return {
    id: idToWire("capsule", capsule.id),
    status: capsule.status,
    template: capsule.template,
    vcpus: capsule.vcpus,
    memory_mb: capsule.memoryMb,
    timeout_sec: capsule.idleTimeoutSeconds,
    created_at: timeToWire(capsule.createdAt),
    ...(startedAt !== undefined && { started_at: timeToWire(startedAt) }),
    ...(lastActiveAt !== undefined && { last_active_at: timeToWire(lastActiveAt) }),
    last_updated: timeToWire(capsule.updatedAt),
    metadata: {
      driver: capsule.driver,
      pause_keeps: keptByPause[capsule.keeps],
      ...(reason !== undefined && { reason }),
    },
  };
}

export const TemplateReply = Type.Object({
  name: Type.String(),
  type: Type.Enum(["base", "snapshot"]),
  vcpus: Type.Optional(Type.Integer({ description: "Of capsules made of it, where it says so" })),
  memory_mb: Type.Optional(Type.Integer({ description: "Likewise" })),
  size_bytes: Type.Integer(),
  created_at: Timestamp,
  platform: Type.Boolean({ description: "Everybody's" }),
});

export function templateToWire({ name, kind, vcpus, memoryMb, sizeBytes, createdAt, isShared }: CapsuleTemplate) {
  return {
    ...{ name, type: kind },
    ...(vcpus && { vcpus }),
    ...(memoryMb && { memory_mb: memoryMb }),
    ...{ size_bytes: sizeBytes, created_at: timeToWire(createdAt), platform: isShared },
  };
}
