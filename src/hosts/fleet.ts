/** All hosts of the yard with their connections.
 *
 *  The table says which hosts there are; it is read again every two seconds, and at once when a yard says that something has changed, so that yards that
 *  share it agree. An agent connects to one yard, whichever it reached. That yard counts its connection up in the table, and whoever holds one with a
 *  lower number, or of a host that is gone or whose credentials were revoked, cuts it. */
import type { Duplex } from "node:stream";
import type { AgentInfo } from "../agent/protocol.ts";
import { YardError } from "../platform/errors.ts";
import { every } from "../platform/timers.ts";
import type { Host } from "./host.ts";
import type { HostRecord } from "./host-record.ts";
import type { HostChange, Hosts } from "./hosts.ts";
import type { Liveness } from "./liveness.ts";
import type { HostLog } from "./log.ts";
import { localMember, type Member, remoteMember } from "./member.ts";
import { type Candidate, choosePlace, type HostLoad, type Overcommit } from "./placement.ts";
import type { HostRegistry } from "./registry.ts";

export interface Fleet extends Hosts, AsyncDisposable {
  /** Takes the tunnel that the agent of that host has opened, in place of any before it. @throws {YardError} not_found */
  moor(hostId: string, tunnel: Duplex): Promise<void>;
  /** Reads the table now. */
  refresh(): Promise<void>;
  /** What is remembered of every host, as of the last look. */
  records(): readonly HostRecord[];
}

export interface FleetParts {
  readonly local: Host;
  /** Of this yard, and of the host it runs on. */
  readonly yardId: string;
  readonly registry: HostRegistry;
  readonly liveness: Liveness;
  /** Of a yard: what people call it, and whether it lives. */
  findYard(id: string): Promise<{ readonly name: string; readonly isLive: boolean } | undefined>;
  /** Whether a team runs on its own hosts alone. */
  usesOwnHosts(teamId: string): Promise<boolean>;
  /** What capsules may use of each host that has any. */
  loads(): Promise<ReadonlyMap<string, HostLoad>>;
  readonly overcommit: Overcommit;
  readonly log: HostLog;
  readonly times?: { readonly lookMs: number; readonly judgeMs: number };
}

const usualTimes = { lookMs: 2_000, judgeMs: 30_000 };
const noLoad: HostLoad = { vcpus: 0, memoryMb: 0, diskMb: 0 };

export async function openFleet(parts: FleetParts): Promise<Fleet> {
  const { local, yardId, registry, liveness, log, times = usualTimes } = parts;
  const members = new Map<string, Member>();
  const listeners = new Set<(change: HostChange) => void>();
  /** Names of the yards that live, as of the last look. */
  let liveYards: ReadonlyMap<string, string> = new Map();

  function elsewhere({ name, status, yardId: at }: HostRecord): string | undefined {
    if (status === "pending") return `host ${name} has not joined yet: run \`runyard agent --join\` on its machine.`;
    if (at === undefined || at === yardId) return undefined;
    const yard = liveYards.get(at);
    return yard === undefined ? undefined : `host ${name} is connected to the yard on ${yard}: ask there.`;
  }

  function announce(hostId: string, member: Member | undefined): void {
    const change = { hostId, status: member?.record.status, isConnected: member?.host.connected ?? false };
    for (const listener of [...listeners]) listener(change);
  }

  async function nameYards(records: readonly HostRecord[]): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>();
    for (const id of new Set(records.flatMap(({ yardId }) => yardId ?? []))) {
      const yard = await parts.findYard(id);
      if (yard?.isLive) names.set(id, yard.name);
    }
    return names;
  }

  function add(record: HostRecord): void {
    const member = record.id === local.id ? localMember(local, record) : remoteMember(record, elsewhere, log);
    members.set(record.id, member);
    announce(record.id, member);
  }

  /** What is so now in place of what was so at the last look. */
  function update(member: Member, record: HostRecord): void {
    const before = member.record;
    member.record = record;
    member.cutBelow(record.link, "its agent is connected to another yard");
    if (record.tokenEpoch !== before.tokenEpoch)
      member.cutBelow(Number.POSITIVE_INFINITY, "its credentials were revoked");
    if (record.status !== before.status) announce(record.id, member);
  }

  /** A connection keeps the name that it was opened with. */
  async function replace(member: Member | undefined, record: HostRecord): Promise<void> {
    await member?.[Symbol.asyncDispose]();
    add(record);
  }

  async function drop(id: string, member: Member): Promise<void> {
    members.delete(id);
    await member[Symbol.asyncDispose]();
    announce(id, undefined);
  }

  let refreshing: Promise<void> = Promise.resolve();
  /** One after the other: an older answer must not undo a newer one. */
  function refresh(): Promise<void> {
    refreshing = refreshing.catch(() => {}).then(look);
    return refreshing;
  }

  async function look(): Promise<void> {
    const records = await registry.list();
    liveYards = await nameYards(records);
    const known = new Set(records.map(({ id }) => id));
    for (const [id, member] of members) if (!known.has(id)) await drop(id, member);
    for (const record of records) {
      const member = members.get(record.id);
      if (member && (member.record.name === record.name || member.host.connected)) update(member, record);
      else await replace(member, record);
    }
    for (const [id, member] of members) await watchConnection(id, member);
  }

  async function watchConnection(id: string, member: Member): Promise<void> {
    const { connected } = member.host;
    if (connected === member.wasConnected) return;
    member.wasConnected = connected;
    if (connected) await welcome(member);
    announce(id, member);
  }

  /** What the machine has may be another than at the last time. */
  async function welcome(member: Member): Promise<void> {
    const { host } = member;
    member.info = host.known;
    if (host.known) {
      const { machine, version: agentVersion, hostname } = host.known;
      await registry.describe(host.id, { ...machine, agentVersion, hostname });
    }
    await liveness.heard([host.id]);
  }

  /** Whether a driver can be used may change at any time. Nobody waits for the answer of an agent that hangs. */
  function ask(member: Member): void {
    const keep = (info: AgentInfo) => {
      member.info = info;
    };
    member.host.info().then(keep, () => {}); // it has just gone, and is asked again when it is back
  }

  async function judge(): Promise<void> {
    for (const member of members.values()) if (member.host.connected) ask(member);
    await liveness.heard([...members].flatMap(([id, { host }]) => (host.connected ? [id] : [])));
    await liveness.judge();
  }

  /** Whatever keeps it from being done now, such as a database that is away, may not keep it from being done later. */
  function trying(what: string, act: () => Promise<void>): () => Promise<void> {
    return () => act().catch((error: unknown) => log.warn({ err: error }, `${what}; it is tried again`));
  }

  function memberOf(id: string): Member {
    const member = members.get(id);
    if (!member) throw new YardError("not_found", `there is no host ${JSON.stringify(id)}`);
    return member;
  }

  const isOurs = ({ record }: Member): boolean => record.yardId === yardId;

  async function candidates(): Promise<(Candidate & { readonly host: Host })[]> {
    const loads = await parts.loads();
    return [...members.values()].filter(isOurs).map(({ record, host, info = host.known }) => ({
      ...{ host, record, isConnected: host.connected },
      drivers: new Map(info?.drivers.map(({ name, availability }) => [name, availability])),
      load: loads.get(record.id) ?? noLoad,
    }));
  }

  await registry.ensureLocal(local);
  await refresh();
  await using opened = new AsyncDisposableStack();
  opened.defer(async () => {
    for (const member of members.values()) await member[Symbol.asyncDispose]();
  });
  opened.use(every(times.lookMs, trying("the hosts could not be looked up", refresh)));
  opened.use(every(times.judgeMs, trying("the hosts' status could not be kept", judge)));
  const lifetime = opened.move();

  return {
    local,
    refresh,
    records: () => [...members.values()].map(({ record }) => record),
    get: (id) => memberOf(id).host,
    list: () => [...members.values()].filter(isOurs).map(({ host }) => host),
    async find(id) {
      const record = members.get(id)?.record ?? (await registry.find(id));
      if (!record) return undefined;
      const isHere = members.get(id)?.host.connected ?? false;
      const isThere = record.status === "online" && record.yardId !== yardId && liveYards.has(record.yardId ?? "");
      return { name: record.name, isLive: isHere || isThere };
    },
    onChange(listener) {
      const own = (change: HostChange) => listener(change);
      listeners.add(own);
      return { [Symbol.dispose]: () => void listeners.delete(own) };
    },
    async place(wanted) {
      const usesOwnHosts = await parts.usesOwnHosts(wanted.teamId);
      return choosePlace(await candidates(), wanted, { usesOwnHosts, overcommit: parts.overcommit }).host;
    },
    async moor(hostId, tunnel) {
      const link = await registry.claimLink(hostId, yardId);
      if (link === undefined) {
        tunnel.destroy();
        throw new YardError("not_found", "This host was removed.");
      }
      await refresh(); // which ends those before it
      const { host, moor } = memberOf(hostId);
      if (moor(tunnel, link))
        host
          .info()
          .then(refresh)
          .catch(() => {}); // it is gone again: the next look finds out
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
