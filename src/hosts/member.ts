/** One host as this yard holds it: what is remembered of it, and the connection to its agent wherever that comes from. */
import type { Duplex } from "node:stream";
import type { AgentInfo } from "../agent/protocol.ts";
import { createAgentHost } from "./agent-host.ts";
import { openConnection } from "./connection.ts";
import { createDock } from "./dock.ts";
import type { Host } from "./host.ts";
import type { HostRecord } from "./host-record.ts";
import type { HostLog } from "./log.ts";

export interface Member extends AsyncDisposable {
  readonly host: Host;
  record: HostRecord;
  /** What its agent said of it last. */
  info: AgentInfo | undefined;
  /** Whether the connection was there at the last look. */
  wasConnected: boolean;
  /** Takes a tunnel of its agent. @returns false, if there is a newer one */
  moor(tunnel: Duplex, link: number): boolean;
  /** Ends a tunnel that is older than that. */
  cutBelow(link: number, reason: string): void;
}

/** The host that this yard runs on: its agent is reached over a socket, and owned by whoever opened it. */
export function localMember(host: Host, record: HostRecord): Member {
  return {
    ...{ host, record, info: undefined, wasConnected: false },
    moor: () => false,
    cutBelow() {},
    async [Symbol.asyncDispose]() {},
  };
}

/** @param elsewhere why its agent cannot be connected here now, where that is known */
export function remoteMember(
  record: HostRecord,
  elsewhere: (record: HostRecord) => string | undefined,
  log: HostLog,
): Member {
  const dock = createDock();
  const connection = openConnection({
    name: record.name,
    connect: dock.take,
    connectTimeoutMs: Number.POSITIVE_INFINITY,
    away: () => elsewhere(member.record),
    log,
  });
  const member: Member = {
    host: createAgentHost(record.id, connection, log),
    ...{ record, info: undefined, wasConnected: false },
    moor: dock.moor,
    cutBelow: dock.cutBelow,
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
  return member;
}
