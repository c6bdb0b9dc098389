/** A host as a row, with what it uses. */
import { type Static, Type } from "typebox";
import { type HostRecord, hostStatuses } from "../../../hosts/host-record.ts";
import { Moment, OptionalInteger, OptionalMoment, OptionalText } from "./texts.ts";

export const loadColumns = {
  at: Moment,
  cpuPercent: Type.Number({ description: "Of all cores: 100 is all of them" }),
  memoryBytes: Type.Integer(),
  memoryTotalBytes: Type.Integer(),
  diskBytes: OptionalInteger,
  diskTotalBytes: OptionalInteger,
};
export const HostLoad = Type.Object(loadColumns);
export type HostLoad = Static<typeof HostLoad>;

export const HostRow = Type.Object({
  id: Type.String(),
  name: Type.String(),
  engineId: Type.String({ description: "As `?host=` of Dockmesh takes it" }),
  status: Type.Enum([...hostStatuses]),
  connected: Type.Boolean({ description: "To the yard that was asked" }),
  isLocal: Type.Boolean({ description: "That yard runs on it" }),
  lastSeenAt: OptionalMoment,
  tags: Type.Array(Type.String()),
  team: OptionalText,
  os: OptionalText,
  arch: OptionalText,
  agentVersion: OptionalText,
  dockerVersion: OptionalText,
  cpuCores: OptionalInteger,
  memoryMb: OptionalInteger,
  diskMb: OptionalInteger,
  load: Type.Union([HostLoad, Type.Null()]),
});
export type HostRow = Static<typeof HostRow>;

/** What is known of a host besides what is remembered of it. */
export interface HostSurroundings {
  readonly now: number;
  readonly isConnected: boolean;
  /** The yard that was asked runs on it. */
  readonly isOwn: boolean;
  readonly engineId: string;
  readonly team: string | null;
  readonly load: HostLoad | undefined;
}

export function hostRow(
  record: HostRecord,
  { now, isConnected, isOwn, engineId, team, load }: HostSurroundings,
): HostRow {
  const { id, name, status, heartbeatAt, tags, os, arch, agentVersion, dockerVersion } = record;
  return {
    ...{ id, name, engineId, status, connected: isConnected, isLocal: isOwn, tags: [...tags], team },
    lastSeenAt: isConnected ? now : (heartbeatAt ?? null),
    ...{ os: os ?? null, arch: arch ?? null },
    ...{ agentVersion: agentVersion ?? null, dockerVersion: dockerVersion ?? null },
    ...{ cpuCores: record.cpuCores ?? null, memoryMb: record.memoryMb ?? null, diskMb: record.diskMb ?? null },
    load: load ?? null,
  };
}

export function textsOfHost({ id, name, status, tags, team, os, arch }: HostRow) {
  return [id, name, status, tags, team, os, arch];
}
