/** Tells teams what happens to what they have, and whoever looks after the fleet how its containers are, through the channels that they have made: kept first, then sent, again if need be. */
import type { BlockList } from "node:net";
import type { Transaction } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { createSharedTime } from "../platform/db/shared-time.ts";
import type { Resolve } from "../platform/http/outgoing/guarded-request.ts";
import type { Log } from "../platform/log.ts";
import type { Channels } from "./channel.ts";
import { createChannelStore } from "./channel-store.ts";
import { createChannels } from "./channels.ts";
import { createConfigSeal } from "./config.ts";
import { type CourierTimes, openCourier } from "./courier.ts";
import { type Announced, createDeliveries } from "./deliveries.ts";
import type { FleetChannels, FleetNotice } from "./fleet-channel.ts";
import { createFleetChannels } from "./fleet-channels.ts";
import { createProviders } from "./providers/all.ts";
import { createResolve } from "./resolve.ts";
import { createSend } from "./send.ts";

export interface Notifications extends AsyncDisposable {
  readonly channels: Channels;
  readonly fleetChannels: FleetChannels;
  /** Returns at once. What is kept is not lost any more; it is kept a moment later. */
  tell(announced: Announced): void;
  /** Kept with the transaction, then delivered. */
  tellFleet(transaction: Transaction<Schema>, notices: readonly FleetNotice[]): Promise<void>;
}

export interface NotificationsParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly settings: {
    /** Beside the internet, where receivers may be. */
    readonly allowNetworks: BlockList;
    /** An origin. */
    readonly telegramUrl: string;
    readonly times?: Partial<NotificationTimes>;
    readonly mostWaiting?: number;
  };
  /** Name servers if absent. */
  readonly resolve?: Resolve;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn" | "error">;
}

/** In milliseconds. */
export interface NotificationTimes extends CourierTimes {
  /** Of one try. */
  readonly timeoutMs: number;
  /** How long a yard that tries has to say how it went; longer than any try. */
  readonly leaseMs: number;
}

const usualTimes: NotificationTimes = {
  timeoutMs: 10_000,
  leaseMs: 60_000,
  pollMs: 1_000,
  retriesMs: [10_000, 30_000],
  // What comes after waits for it: so it is never far from the next try.
  fleetRetriesMs: [10_000, 30_000, ...[2, 5, 10, 10, 10].map((minutes) => minutes * 60_000)],
  maxAgeMs: 24 * 3_600_000,
};
/** Of one channel. */
const usualMostWaiting = 1_000;

export function openNotifications(parts: NotificationsParts): Notifications {
  const { database, secrets, settings, resolve = createResolve(), clock, log } = parts;
  const { allowNetworks, telegramUrl, mostWaiting = usualMostWaiting } = settings;
  const times = { ...usualTimes, ...settings.times };
  const providers = createProviders({ telegramUrl });
  const send = createSend({ providers, allowNetworks, clock, resolve, timeoutMs: times.timeoutMs });
  const now = createSharedTime(database.dialect, clock);
  const deliveries = createDeliveries({ database, now, leaseMs: times.leaseMs, mostWaiting });

  const opened = new AsyncDisposableStack();
  const courier = opened.use(
    openCourier({
      ...{ deliveries, send, times, log },
      ...{ channels: createChannelStore({ database }), seal: createConfigSeal(secrets) },
    }),
  );
  // Events that come together are kept together.
  const writer = opened.use(
    createBatchWriter<Announced>({ commit: async (announced) => courier.wake(await deliveries.add(announced)) }),
  );

  return {
    channels: createChannels({ database, secrets, providers, send, clock }),
    fleetChannels: createFleetChannels({ database, secrets, providers, send, clock }),
    tellFleet: deliveries.addForFleet,
    tell(announced) {
      writer.write(announced).catch((error: unknown) => {
        const { teamId: team, event } = announced;
        log.warn({ err: error, team, event: event.event }, "nobody is told of an event: it could not be kept");
      });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
