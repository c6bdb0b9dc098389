/** A place at a coordinator: registers, serves, and registers anew when that ended through no decision of anybody. */
import { setTimeout as delay } from "node:timers/promises";
import { isYardError, YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { parseUnitDurationMs } from "../platform/unit-durations.ts";
import { openAnnouncements, silence } from "./announcements.ts";
import type { Coordinator, Registration, WorkerCalls } from "./coordinator.ts";
import { type MembershipEnd, type MembershipParts, serve } from "./membership.ts";
import type { SignIn } from "./sign-in.ts";

export interface Joined {
  readonly calls: WorkerCalls;
  /** The coordinator knows the extensions. */
  readonly isOurs: boolean;
  readonly redisUrl: string | undefined;
  /** Wall time. */
  readonly at: number;
}

export interface SeatParts extends Pick<MembershipParts, "workshop" | "times" | "stopping" | "killing"> {
  readonly coordinator: Coordinator;
  readonly signIn: SignIn;
  readonly registration: Registration;
  readonly onBegin: () => void;
  readonly onEnd: () => void;
  /** Kept, for whoever clears up after this process. */
  readonly remember: (token: string) => Promise<void>;
  readonly log: Log;
}

const unregisterMs = 3_000;
/** No registration follows another at once, whatever goes wrong. */
const betweenMs = 1_000;
/** Others keep a silent worker for about so long, and a token, if nobody says otherwise, for as long as ours. */
const usual = { leaseMs: 600_000, lifetimeMs: 7 * 86_400_000 } as const;
const leewayMs = 60_000;

/** @throws {YardError} unauthenticated, forbidden: the user may not */
export async function joinCoordinator(parts: SeatParts): Promise<Joined> {
  for (;;) {
    const joined = await registerAndShow(parts);
    if (joined !== undefined) return joined;
    await delay(betweenMs, undefined, { signal: parts.stopping });
  }
}

/** @returns undefined: the coordinator was away for longer than the lease before the first heartbeat came through */
async function registerAndShow(parts: SeatParts): Promise<Joined | undefined> {
  const { coordinator, registration, log, stopping, times } = parts;
  const userToken = await parts.signIn(coordinator, stopping);
  const { worker_id: uuid, token, redis_url: redisUrl } = await coordinator.register(userToken, registration, stopping);
  const at = Date.now();
  await parts.remember(token);
  const calls = coordinator.asWorker(token);
  try {
    const isOurs = await calls.heartbeat(stopping);
    log.info({ worker: uuid, extended: isOurs }, "registered at the coordinator");
    return { calls, isOurs, redisUrl: redisUrl ?? undefined, at };
  } catch (error) {
    const isLost = isYardError(error, "unauthenticated") && Date.now() - at > times.leaseMs;
    if (!isLost) throw error;
    log.warn({ worker: uuid }, "this worker was lost before it began: it registers anew");
    return undefined;
  }
}

/** Serves until it is to stop.
 *  @throws {YardError} unauthenticated: somebody has removed this worker; what `joinCoordinator` throws */
export async function occupySeat(parts: SeatParts, first: Joined, slots: number): Promise<void> {
  for (let joined = first; ; joined = await joinCoordinator(parts)) {
    let heardAt = joined.at;
    const onHeard = (askedAt: number): void => {
      heardAt = Math.max(heardAt, askedAt);
    };
    const end = await serveJoined(parts, joined, { slots, onHeard });
    if (end === "stopped" || end === "drained" || parts.stopping.aborted) return;
    if (end === "removed" && !isOwnFault(joined, heardAt, parts))
      throw new YardError(
        "unauthenticated",
        "This worker was removed by somebody. Start it again if that was a mistake.",
      );
    parts.log.warn({ end }, "this worker registers anew");
    await delay(betweenMs, undefined, { signal: parts.stopping });
  }
}

async function serveJoined(
  parts: SeatParts,
  { calls, isOurs, redisUrl }: Joined,
  { slots, onHeard }: { slots: number; onHeard: (askedAt: number) => void },
): Promise<MembershipEnd> {
  await using announcements = redisUrl === undefined ? silence : await openAnnouncements(redisUrl, parts.log);
  let end: MembershipEnd | undefined;
  try {
    end = await serve({ ...parts, calls, announcements, isOurs, slots, onHeard });
    return end;
  } finally {
    if (end !== "removed") await calls.unregister({ timeoutMs: unregisterMs }).catch(() => {}); // its lease will end
  }
}

/** It was silent for longer than it may be, or its token has come to its end. Otherwise it was removed on purpose, and stays away. */
function isOwnFault({ isOurs, at }: Joined, heardAt: number, { times, registration }: SeatParts): boolean {
  const leaseMs = isOurs ? times.leaseMs : usual.leaseMs;
  const lifetimeMs = (registration.lifetime && parseUnitDurationMs(registration.lifetime)) || usual.lifetimeMs;
  const now = Date.now();
  return now - heardAt > leaseMs || now - at > lifetimeMs - leewayMs;
}
