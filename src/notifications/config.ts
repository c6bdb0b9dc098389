/** What a channel's provider needs, as it is given and as it rests: each value sealed by itself, for its place. */
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import { YardError } from "../platform/errors.ts";
import type { ChannelConfig } from "./channel.ts";
import type { Provider } from "./providers/provider.ts";

const mostCharacters = 4_096;
/** Could end a header, or a line. */
const control = /\p{Cc}/u;

/** What the provider knows of it, with what may be made up. @throws {YardError} invalid (`config.…`) */
export function completeConfig(provider: Provider, given: ChannelConfig): ChannelConfig {
  const config = readConfig(provider, given);
  return provider.complete?.(config) ?? config;
}

/** What the provider knows of it. @throws {YardError} invalid (`config.…`) */
export function readConfig({ fields }: Provider, given: ChannelConfig): ChannelConfig {
  const kept: Record<string, string> = {};
  for (const [name, need] of Object.entries(fields)) {
    const value = given[name]?.trim() ?? "";
    if (value === "" && need === "required") throw fault(name, "is missing");
    if (value.length > mostCharacters) throw fault(name, `has more than ${mostCharacters} characters`);
    if (control.test(value) || !value.isWellFormed()) throw fault(name, "holds a character that cannot be sent");
    if (value !== "") kept[name] = value;
  }
  return kept;
}

export interface ConfigSeal {
  /** JSON. */
  seal(config: ChannelConfig, channelId: string): string;
  /** @throws {YardError} internal */
  open(sealed: string, channelId: string): ChannelConfig;
}

export function createConfigSeal(secrets: SecretBox): ConfigSeal {
  const each = (fields: ChannelConfig, change: (value: string, name: string) => string): ChannelConfig =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value, name)]));
  const place = (channelId: string, name: string) => `channels.config.${name}:${channelId}`;
  return {
    seal: (config, id) => JSON.stringify(each(config, (value, name) => secrets.seal(value, place(id, name)))),
    open: (sealed, id) =>
      each(JSON.parse(sealed) as ChannelConfig, (value, name) => secrets.open(value, place(id, name))),
  };
}

function fault(name: string, what: string): YardError {
  return new YardError("invalid", what, { field: `config.${name}` });
}
