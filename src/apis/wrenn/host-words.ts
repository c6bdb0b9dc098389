/** Hosts in Wrenn's words. */
import { Type } from "typebox";
import type { HostRecord } from "../../hosts/host-record.ts";
import { idToWire } from "./ids.ts";
import { Timestamp } from "./schemas.ts";
import { timeToWire } from "./times.ts";

export const HostReply = Type.Object({
  id: Type.String(),
  name: Type.String({ description: "What people call it: the machine's own name, once it has joined" }),
  type: Type.Enum(["regular", "byoc"], { description: "Everybody's, or a team's own" }),
  team_id: Type.Optional(Type.String({ description: "Of a team's own" })),
  team_name: Type.Optional(Type.String({ description: "The same, for administrators who list all hosts" })),
  provider: Type.Optional(Type.String()),
  availability_zone: Type.Optional(Type.String()),
  arch: Type.Optional(Type.String()),
  cpu_cores: Type.Optional(Type.Integer()),
  memory_mb: Type.Optional(Type.Integer()),
  disk_gb: Type.Optional(Type.Integer()),
  address: Type.Optional(Type.String({ description: "Where its agent was seen last, or says that it is" })),
  status: Type.Enum(["pending", "online", "offline", "draining", "unreachable"]),
  last_heartbeat_at: Type.Optional(Timestamp),
  tags: Type.Array(Type.String()),
  created_by: Type.Optional(Type.String({ description: "Absent for a yard's own machine" })),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export function hostToWire(host: HostRecord, teamName?: string) {
  const { teamId, heartbeatAt, createdBy, diskMb } = host;
  return {
    id: idToWire("host", host.id),
    name: host.name,
    type: host.kind,
    ...(teamId !== undefined && { team_id: idToWire("team", teamId) }),
    ...(teamName !== undefined && { team_name: teamName }),
    provider: host.provider,
    availability_zone: host.zone,
    arch: host.arch,
    cpu_cores: host.cpuCores,
    memory_mb: host.memoryMb,
    ...(diskMb !== undefined && { disk_gb: Math.floor(diskMb / 1_024) }),
    address: host.address,
    status: host.status,
    ...(heartbeatAt !== undefined && { last_heartbeat_at: timeToWire(heartbeatAt) }),
    tags: [...host.tags],
    ...(createdBy !== undefined && { created_by: idToWire("user", createdBy) }),
    created_at: timeToWire(host.createdAt),
    updated_at: timeToWire(host.updatedAt),
  };
}

/** What is handed out once: whoever has it can make a machine this host. */
export const InvitedHostReply = Type.Object({
  host: HostReply,
  registration_token: Type.String({ description: "64 hex digits, good once and for an hour" }),
});
