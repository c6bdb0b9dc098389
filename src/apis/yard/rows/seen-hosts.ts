/** The hosts that somebody sees: everybody's within reach, and those of their own teams. */
import { isWithin } from "../../../containers/docker-hosts.ts";
import type { HostUse } from "../../../hosts/host-loads.ts";
import type { HostRecord } from "../../../hosts/host-record.ts";
import type { Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { type HostLoad, type HostRow, hostRow } from "./host.ts";

type Parts = Pick<ConsoleParts, "hosts" | "loads" | "words" | "clock">;

export function seenRecords({ hosts }: Pick<Parts, "hosts">, viewer: Viewer): readonly HostRecord[] {
  return hosts.records().filter((record) => seesHost(viewer, record));
}

export function seesHost({ principal, teams, reach }: Viewer, { kind, teamId = "", tags }: HostRecord): boolean {
  if (kind === "byoc") return principal.isAdmin || teams.has(teamId);
  return isWithin(reach, tags);
}

export function seenHosts({ hosts, loads, words, clock }: Parts, viewer: Viewer): HostRow[] {
  return seenRecords({ hosts }, viewer).map((record) => {
    const isOwn = record.id === hosts.ownId;
    const use = loads.latest(record.id);
    return hostRow(record, {
      ...{ now: clock.now(), isOwn, isConnected: hosts.isConnected(record.id), load: use && loadOf(use) },
      engineId: words.engineHost({ id: record.id, name: record.name, isLocal: isOwn }).hostId,
      team: record.teamId === undefined ? null : (viewer.teams.get(record.teamId)?.name ?? record.teamId),
    });
  });
}

export function loadOf({ at, cpuPercent, memoryBytes, memoryTotalBytes, disk }: HostUse): HostLoad {
  const disks = { diskBytes: disk?.usedBytes ?? null, diskTotalBytes: disk?.totalBytes ?? null };
  return { at, cpuPercent: rounded(cpuPercent), memoryBytes, memoryTotalBytes, ...disks };
}

/** To a tenth. */
export function rounded(percent: number): number {
  return Math.round(percent * 10) / 10;
}
