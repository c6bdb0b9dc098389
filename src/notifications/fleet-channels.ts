/** Channels of the fleet: made, changed, tried out, removed. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { asStorageError, YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { ChannelConfig, FleetDocument } from "./channel.ts";
import { createConfigSeal, readConfig } from "./config.ts";
import { type FleetChannel, type FleetChannelInput, type FleetChannels, fleetTeam } from "./fleet-channel.ts";
import {
  deleteFleetChannel,
  findFleetChannel,
  insertFleetChannel,
  type KeptFleetChannel,
  listFleetChannels,
  updateFleetChannel,
} from "./fleet-channel-rows.ts";
import type { Providers } from "./providers/all.ts";
import type { Provider } from "./providers/provider.ts";
import { prepare, type Send } from "./send.ts";
import { createTrial } from "./trial.ts";

export interface FleetChannelsParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly providers: Providers;
  readonly send: Send;
  readonly clock: Clock;
}

const mostChannels = 100;
const mostCharacters = 200;

export function createFleetChannels(parts: FleetChannelsParts): FleetChannels {
  const { database, secrets, providers, send, clock } = parts;
  const { seal, open } = createConfigSeal(secrets);
  const attempt = createTrial({ send });

  const shown = ({ sealedConfig, channelId, ...channel }: KeptFleetChannel): FleetChannel => {
    const { shown = [] } = providers[channel.type];
    const config = Object.entries(open(sealedConfig, channelId));
    return {
      ...channel,
      config: Object.fromEntries(config.filter(([name]) => shown.includes(name))),
      secrets: config.flatMap(([name]) => (shown.includes(name) ? [] : [name])),
    };
  };

  async function find(db: Kysely<Schema>, number: number): Promise<KeptFleetChannel> {
    const channel = await findFleetChannel(db, number);
    if (channel) return channel;
    throw new YardError("not_found", `There is no channel ${number}.`);
  }

  /** One change at a time: what is left out of one stays as the one before it has left it. */
  async function change<T>(work: (trx: Kysely<Schema>) => Promise<T>): Promise<T> {
    try {
      return await database.transaction(work, { exclusive: "fleet channels" });
    } catch (error) {
      throw asStorageError(error, "the channel cannot be saved");
    }
  }

  return {
    list: async () => (await listFleetChannels(database.kysely)).map(shown),

    async create({ name, type, config: given, isEnabled = true }) {
      const now = clock.now();
      const about = { channelId: newId("channel", now), name: requireName(name), type, isEnabled };
      const config = completed(providers[type], given);
      const sealedConfig = seal(config, about.channelId);
      return change(async (trx) => {
        const kept = await listFleetChannels(trx);
        if (kept.length >= mostChannels)
          throw new YardError("too_many", `There are ${kept.length} channels already: delete some.`);
        const number = await insertFleetChannel(trx, { ...about, sealedConfig, createdAt: now, updatedAt: now });
        return shown(await find(trx, number));
      });
    },

    update: (number, { name, type, config: given, isEnabled }) =>
      change(async (trx) => {
        const kept = await find(trx, number);
        const before = kept.type === type ? open(kept.sealedConfig, kept.channelId) : {};
        const config = completed(providers[type], given, before);
        await updateFleetChannel(trx, kept, {
          ...{ name: requireName(name), type, isEnabled: isEnabled ?? kept.isEnabled },
          ...{ sealedConfig: seal(config, kept.channelId), updatedAt: clock.now() },
        });
        return shown(await find(trx, number));
      }),

    remove: (number) => change(async (trx) => deleteFleetChannel(trx, await find(trx, number))),

    async try(number, signal) {
      const { type, sealedConfig, channelId } = await find(database.kysely, number);
      const config = open(sealedConfig, channelId);
      await attempt(fleetTeam, { provider: type, config }, { event: testDocument(clock.now()), signal });
    },
  };
}

/** @param before of the same kind of receiver: its secrets go on where nothing is said of them
 *  @throws {YardError} invalid (`config.…`), also for an address that cannot be right */
function completed(provider: Provider, given: FleetChannelInput["config"], before: ChannelConfig = {}): ChannelConfig {
  const { shown = [], destination = [] } = provider;
  const said = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value ?? ""]));
  const secrets = Object.keys(before).filter((name) => !shown.includes(name) && given[name] !== null && !said[name]);
  const kept = Object.fromEntries(secrets.map((name) => [name, before[name]!]));
  const config = readConfig(provider, { ...said, ...kept });
  const isElsewhere = destination.some((name) => config[name] !== before[name]);
  const [unsaid] = isElsewhere ? secrets : [];
  if (unsaid !== undefined)
    throw new YardError("invalid", "is to be given again: it would go to another server than before", {
      field: `config.${unsaid}`,
    });
  const event = testDocument(0);
  prepare(provider, config, { eventId: "event", event, json: JSON.stringify(event), at: 0 });
  return config;
}

/** @throws {YardError} invalid (`name`) */
function requireName(text: string): string {
  const name = text.trim();
  if (name === "") throw new YardError("invalid", "is missing", { field: "name" });
  if (name.length > mostCharacters || /\p{Cc}/u.test(name))
    throw new YardError("invalid", `has ${mostCharacters} characters at most, all of them visible`, { field: "name" });
  return name;
}

function testDocument(at: number): FleetDocument {
  const message = "Somebody tries out this channel. Nothing is wrong.";
  return { event: "channel.test", timestamp: new Date(at).toISOString(), severity: "info", message };
}
