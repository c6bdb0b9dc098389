/** Makes the deliveries: of each channel a few at one time, of each team some more, so that nobody waits for another team's slow receivers. What is due is
 *  asked of the database, once a second and whenever something was added: retries, and what a yard that died has left, come by the same way. */
import { isYardError, YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";
import type { AnyDocument } from "./channel.ts";
import type { ChannelStore } from "./channel-store.ts";
import type { ConfigSeal } from "./config.ts";
import type { Deliveries, Delivery, Waiting } from "./deliveries.ts";
import { fleetTeam } from "./fleet-channel.ts";
import type { Send } from "./send.ts";
import { createTeamSlots } from "./team-slots.ts";

export interface CourierParts {
  readonly deliveries: Deliveries;
  readonly channels: Pick<ChannelStore, "addressee">;
  readonly seal: ConfigSeal;
  readonly send: Send;
  readonly times: CourierTimes;
  readonly log: Pick<Log, "warn" | "error">;
}

/** In milliseconds. */
export interface CourierTimes {
  readonly pollMs: number;
  /** After the first failure, after the second, and so on; then it is dropped. */
  readonly retriesMs: readonly number[];
  /** The same for the fleet's channels: what is wrong with a container matters for longer. */
  readonly fleetRetriesMs: readonly number[];
  /** Older news are none any more: they are dropped. */
  readonly maxAgeMs: number;
}

export interface Courier extends AsyncDisposable {
  /** There is something to deliver. */
  wake(waiting: readonly Waiting[]): void;
}

const perChannel = 2;
const slots = { perTeam: 8, inAll: 64 };

export function openCourier(parts: CourierParts): Courier {
  const { deliveries, channels, log } = parts;
  const withTeamSlot = createTeamSlots(slots);
  const stopping = new AbortController();
  const { signal } = stopping;
  /** By channel, how many work for it. */
  const crews = new Map<string, number>();
  const working = new Set<Promise<void>>();

  /** Goes on until nothing is due there. */
  async function work(channelId: string): Promise<void> {
    const addressee = await channels.addressee(channelId);
    if (addressee === undefined) return;
    while (!signal.aborted && (await withTeamSlot(addressee.teamId, () => deliverNext(channelId))));
  }

  /** @returns whether there was one */
  async function deliverNext(channelId: string): Promise<boolean> {
    if (signal.aborted) return false;
    const delivery = await deliveries.take(channelId);
    if (delivery !== undefined) await deliver(delivery, parts, signal);
    return delivery !== undefined;
  }

  function start(channelId: string): void {
    crews.set(channelId, (crews.get(channelId) ?? 0) + 1);
    const done = work(channelId)
      .catch((error: unknown) => log.error({ err: error, channel: channelId }, "deliveries wait: they are tried again"))
      .finally(() => {
        const left = crews.get(channelId)! - 1;
        if (left > 0) crews.set(channelId, left);
        else crews.delete(channelId);
        working.delete(done);
      });
    working.add(done);
  }

  function wake(waiting: readonly Waiting[]): void {
    if (signal.aborted) return;
    for (const { channelId, count } of waiting) {
      // What comes while all are about to go home is found by the next poll.
      const wanted = Math.min(count, perChannel - (crews.get(channelId) ?? 0));
      for (let started = 0; started < wanted; started++) start(channelId);
    }
  }

  const poll = every(parts.times.pollMs, async () => {
    try {
      wake(await deliveries.waiting());
    } catch (error) {
      log.error({ err: error }, "deliveries cannot be looked for: it is tried again");
    }
  });

  return {
    wake,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await poll[Symbol.asyncDispose]();
      await Promise.all(working);
    },
  };
}

/** One try, and what comes of it. */
async function deliver(delivery: Delivery, parts: CourierParts, signal: AbortSignal): Promise<void> {
  const { deliveries, channels, seal, send, times } = parts;
  const { channelId, eventId, event: json } = delivery;
  const addressee = await channels.addressee(channelId);
  if (addressee === undefined) return; // and with it, what was on its way
  try {
    if (delivery.ageMs > times.maxAgeMs) throw new YardError("timeout", "it was under way for too long, and dropped");
    const config = seal.open(addressee.config, channelId);
    const message = { eventId, json, event: JSON.parse(json) as AnyDocument };
    await send({ provider: addressee.provider, config, message, signal });
  } catch (error) {
    if (signal.aborted) await deliveries.giveBack(delivery);
    else await noteFailure(delivery, error, { ...parts, isFleet: addressee.teamId === fleetTeam });
    return;
  }
  await deliveries.received(delivery);
}

async function noteFailure(
  delivery: Delivery,
  error: unknown,
  { deliveries, times, log, isFleet }: CourierParts & { readonly isFleet: boolean },
): Promise<void> {
  const { channelId: channel, eventId: event, failures } = delivery;
  const reason = error instanceof Error ? error.message : String(error);
  // What is wrong with the channel itself is so the next time, too.
  const retryMs = isYardError(error) ? undefined : (isFleet ? times.fleetRetriesMs : times.retriesMs)[failures];
  const facts = { channel, event, failures: failures + 1, reason };
  log.warn(facts, retryMs === undefined ? "a delivery was dropped" : "a delivery failed: it is tried again");
  const field = isYardError(error) && error.field !== undefined ? `${error.field}: ` : "";
  await deliveries.failed(delivery, field + reason, retryMs);
}
