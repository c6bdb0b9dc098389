/** What is remembered of a host, whether its agent is there or not. */
import type { Selectable } from "kysely";
import type { HostRow } from "../platform/db/schema.ts";

/** `pending`: no machine has registered as it yet, or that one's credentials were revoked. `online`: its agent was heard of lately.
 *  `unreachable`: it was, but no longer. */
export const hostStatuses = ["pending", "online", "unreachable"] as const;
export type HostStatus = (typeof hostStatuses)[number];

/** `regular`: for everybody. `byoc`: a team's own. */
export const hostKinds = ["regular", "byoc"] as const;
export type HostKind = (typeof hostKinds)[number];

/** What a machine has for capsules. */
export interface Machine {
  /** As `uname -m` names it. */
  readonly arch?: string;
  readonly cpuCores?: number;
  readonly memoryMb?: number;
  /** Of the file system that its agent's directory is on. */
  readonly diskMb?: number;
}

/** What an agent says of itself and its machine besides. */
export interface AgentFacts {
  /** `linux`, as Node names it. */
  readonly os?: string;
  readonly hostname?: string;
  readonly agentVersion?: string;
  /** Absent: it has no Docker engine. */
  readonly dockerVersion?: string;
}

export interface HostRecord extends Machine, AgentFacts {
  readonly id: string;
  readonly name: string;
  readonly kind: HostKind;
  readonly teamId?: string;
  readonly provider?: string;
  readonly zone?: string;
  readonly address?: string;
  readonly status: HostStatus;
  readonly heartbeatAt?: number;
  /** A yard runs on it, and started its agent: it cannot be removed. */
  readonly isLocal: boolean;
  /** The yard that its agent is connected to, or was last. */
  readonly yardId?: string;
  /** Of its agent's connections the latest. */
  readonly link: number;
  readonly tokenEpoch: number;
  /** In the order of the alphabet. */
  readonly tags: readonly string[];
  readonly createdBy?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function asRecord(row: Selectable<HostRow>, tags: readonly string[]): HostRecord {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    teamId: row.team_id ?? undefined,
    provider: row.provider ?? undefined,
    zone: row.zone ?? undefined,
    arch: row.arch ?? undefined,
    cpuCores: row.cpu_cores ?? undefined,
    memoryMb: row.memory_mb ?? undefined,
    diskMb: row.disk_mb ?? undefined,
    os: row.os ?? undefined,
    hostname: row.hostname ?? undefined,
    agentVersion: row.agent_version ?? undefined,
    dockerVersion: row.docker_version ?? undefined,
    address: row.address ?? undefined,
    status: row.status,
    heartbeatAt: row.heartbeat_at ?? undefined,
    isLocal: row.is_local === 1,
    yardId: row.yard_id ?? undefined,
    link: row.link,
    tokenEpoch: row.token_epoch,
    tags,
    createdBy: row.created_by ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
