/** Which host takes a new capsule: of those that fit, the one whose tightest resource has the most room left.
 *
 *  A capsule is counted with all that it may use. That is not set aside for it, so a host takes more than it has, by a factor; processors never decide
 *  whether a host fits, only which one is best. Something is kept back for the host itself: 8 GiB, 4 cores and 30 GiB, but never more than a quarter of
 *  what there is, so that a machine of 4 GiB is a host, too. */
import { YardError } from "../platform/errors.ts";
import type { Availability } from "../sandboxes/sandbox.ts";
import type { HostRecord } from "./host-record.ts";

/** What somebody wants to run on a host. */
export interface WantedPlace {
  readonly teamId: string;
  /** It must be usable there; any host will do if absent. */
  readonly driver?: string;
  /** Nobody has asked for that very driver: where a host is tagged for one (`driver:NAME`), it is that one or none. */
  readonly yieldsToTag?: boolean;
  /** Not where the driver's sandboxes would be emulated, unless the host is tagged for it. */
  readonly unlessEmulated?: boolean;
  /** That host, or none. */
  readonly hostId?: string;
  /** It has all of them. */
  readonly tags?: readonly string[];
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskMb: number;
}

/** What capsules may use of a host together, those that are paused only in part. */
export interface HostLoad {
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskMb: number;
}

/** A host as the placement sees it. */
export interface Candidate {
  readonly record: HostRecord;
  readonly isConnected: boolean;
  /** Why not, of a driver that it has and that is not usable. */
  readonly drivers: ReadonlyMap<string, Availability>;
  readonly load: HostLoad;
}

/** How many times over each is given away. */
export interface Overcommit {
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
}

const reserves = { cpuCores: 4, memoryMb: 8 * 1_024, diskMb: 30 * 1_024 };
const largestReserve = 1 / 4;
/** Of hosts that are named in an error. */
const mostNamed = 5;

/** @param usesOwnHosts the team runs on its own hosts, and on no others; else on everybody's alone
 *  @throws {YardError} unavailable (`host`), which says of each host why not */
export function choosePlace<T extends Candidate>(
  candidates: readonly T[],
  wanted: WantedPlace,
  { usesOwnHosts, overcommit }: { usesOwnHosts: boolean; overcommit: Overcommit },
): T {
  const allowed = candidates.filter(({ record }) =>
    usesOwnHosts ? record.kind === "byoc" && record.teamId === wanted.teamId : record.kind === "regular",
  );
  const asked = wanted.hostId === undefined ? allowed : allowed.filter(({ record }) => record.id === wanted.hostId);
  const refusals: string[] = [];
  let best: { readonly candidate: T; readonly room: number } | undefined;
  for (const candidate of asked) {
    const refusal = unfit(candidate, wanted) ?? lacks(candidate, wanted, overcommit);
    if (refusal !== undefined) {
      refusals.push(`${candidate.record.name} ${refusal}`);
      continue;
    }
    const room = tightest(candidate, wanted, overcommit);
    if (!best || room > best.room) best = { candidate, room };
  }
  if (best) return best.candidate;
  throw noneFits(refusals, wanted, usesOwnHosts);
}

function unfit(candidate: Candidate, wanted: WantedPlace): string | undefined {
  const { record, isConnected } = candidate;
  const { driver, tags = [] } = wanted;
  if (record.status === "pending") return "has not joined yet";
  if (!isConnected) return "cannot be reached";
  const missing = tags.filter((tag) => !record.tags.includes(tag));
  if (missing.length > 0) return `lacks the tag ${missing.join(", ")}`;
  return driver === undefined ? undefined : unfitFor(driver, candidate, wanted);
}

const driverTag = "driver:";

function unfitFor(driver: string, { record, drivers }: Candidate, wanted: WantedPlace): string | undefined {
  const tagged = record.tags.filter((tag) => tag.startsWith(driverTag)).map((tag) => tag.slice(driverTag.length));
  const isTagged = tagged.includes(driver);
  if (wanted.yieldsToTag && tagged.length > 0 && !isTagged) return `is tagged for the driver ${tagged.join(", ")}`;
  const availability = drivers.get(driver);
  if (!availability) return `has no driver ${driver}`;
  if (!availability.usable) return `cannot use the driver ${driver} (${availability.reason})`;
  if (wanted.unlessEmulated && availability.isEmulated && !isTagged)
    return `would have to emulate the driver ${driver}, which is slow`;
  return undefined;
}

/** What is there for capsules. A machine that did not say what it has is taken to have enough. */
function roomOf({ record }: Candidate, overcommit: Overcommit) {
  const of = (has: number | undefined, reserve: number, factor: number) =>
    has === undefined ? Number.POSITIVE_INFINITY : (has - Math.min(reserve, has * largestReserve)) * factor;
  return {
    vcpus: of(record.cpuCores, reserves.cpuCores, overcommit.cpu),
    memoryMb: of(record.memoryMb, reserves.memoryMb, overcommit.memory),
    diskMb: of(record.diskMb, reserves.diskMb, overcommit.disk),
  };
}

function lacks(candidate: Candidate, wanted: WantedPlace, overcommit: Overcommit): string | undefined {
  const room = roomOf(candidate, overcommit);
  for (const [what, resource] of [
    ["memory", "memoryMb"],
    ["disk", "diskMb"],
  ] as const) {
    const left = Math.floor(room[resource] - candidate.load[resource]);
    if (wanted[resource] > left)
      return `has ${Math.max(0, left)} MiB of ${what} left, and ${wanted[resource]} are needed`;
  }
  return undefined;
}

/** The share that is left of what is scarcest, once it is there. Negative: more processors are given away than may be. */
function tightest(candidate: Candidate, wanted: WantedPlace, overcommit: Overcommit): number {
  const room = roomOf(candidate, overcommit);
  const shares = (["vcpus", "memoryMb", "diskMb"] as const).map((resource) =>
    room[resource] === Number.POSITIVE_INFINITY
      ? 1
      : 1 - (candidate.load[resource] + wanted[resource]) / room[resource],
  );
  return Math.min(...shares);
}

function noneFits(refusals: readonly string[], wanted: WantedPlace, usesOwnHosts: boolean): YardError {
  const named = refusals.slice(0, mostNamed).join("; ");
  const more = refusals.length > mostNamed ? `; and ${refusals.length - mostNamed} more` : "";
  const none = usesOwnHosts ? "the team has none of its own" : "there is none for everybody";
  const reason =
    refusals.length > 0
      ? named + more
      : wanted.hostId === undefined
        ? none
        : "the one that was asked for is not among those it may use";
  return new YardError("unavailable", `No host can take it: ${reason}.`, { field: "host" });
}
