/** Channels of teams: made, changed, tried out, removed. */
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Channel, ChannelEvent, Channels, NewChannel } from "./channel.ts";
import { createChannelStore } from "./channel-store.ts";
import { completeConfig, createConfigSeal } from "./config.ts";
import type { Providers } from "./providers/all.ts";
import type { Send } from "./send.ts";
import { createTrial } from "./trial.ts";

export interface ChannelsParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly providers: Providers;
  readonly send: Send;
  readonly clock: Clock;
}

const mostChannels = 100;
const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function createChannels({ database, secrets, providers, send, clock }: ChannelsParts): Channels {
  const store = createChannelStore({ database });
  const { seal } = createConfigSeal(secrets);
  const attempt = createTrial({ send });

  async function get(teamId: string, id: string): Promise<Channel> {
    const channel = await store.find(teamId, id);
    if (channel) return channel;
    throw new YardError("not_found", `There is no channel ${id}.`);
  }

  return {
    get,
    list: store.ofTeam,
    remove: store.remove,
    removeTeam: store.removeTeam,

    async create(teamId, { provider, name, config: given, events }) {
      const { [provider]: known } = providers;
      const now = clock.now();
      const about = { name: requireName(name), events: requireEvents(events) };
      const channel = { id: newId("channel", now), teamId, provider, ...about, createdAt: now, updatedAt: now };
      const config = completeConfig(known, given);
      await store.insert(channel, seal(config, channel.id), mostChannels);
      const secret = known.secretField === undefined ? undefined : config[known.secretField];
      return { channel, ...(secret !== undefined && { secret }) };
    },

    async update(teamId, id, { name, events }) {
      const about = { name: requireName(name), events: requireEvents(events) };
      await store.update({ id, teamId, ...about, updatedAt: clock.now() });
      return get(teamId, id);
    },

    async configure(teamId, id, given) {
      const { provider } = await get(teamId, id);
      const config = completeConfig(providers[provider], given);
      await store.configure({ id, teamId, updatedAt: clock.now() }, seal(config, id));
      return get(teamId, id);
    },

    try: async (teamId, { provider, config }, what) =>
      attempt(teamId, { provider, config: completeConfig(providers[provider], config) }, what),
  };
}

/** @throws {YardError} invalid (`name`) */
function requireName(text: string): string {
  const name = text.trim().toLowerCase().replaceAll(" ", "-");
  if (namePattern.test(name)) return name;
  const rule = "a channel's name has 1 to 64 letters, digits or . _ - and begins with a letter or a digit";
  throw new YardError("invalid", rule, { field: "name" });
}

/** @throws {YardError} invalid (`events`) */
function requireEvents(events: NewChannel["events"]): readonly ChannelEvent[] {
  if (events.length > 0) return [...new Set(events)].sort();
  throw new YardError("invalid", "a channel is told of one event or more", { field: "events" });
}
