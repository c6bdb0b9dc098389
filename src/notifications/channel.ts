/** Channels: where a team is told what happens to what it has. */

export const channelEvents = [
  "capsule.created",
  "capsule.running",
  "capsule.paused",
  "capsule.destroyed",
  "template.snapshot.created",
  "template.snapshot.deleted",
  "host.up",
  "host.down",
] as const;
export type ChannelEvent = (typeof channelEvents)[number];

export const channelProviders = ["discord", "slack", "teams", "googlechat", "telegram", "matrix", "webhook"] as const;
export type ChannelProvider = (typeof channelProviders)[number];

/** Kinds of receivers that the fleet as a whole may have. */
export const fleetProviders = [
  ...(["webhook", "ntfy", "discord", "slack", "teams", "gotify", "email", "pagerduty", "pushover"] as const),
] as const;
export type FleetProvider = (typeof fleetProviders)[number];

export type AnyProvider = ChannelProvider | FleetProvider;

/** What a provider needs to reach somebody: addresses and secrets, by the names that the provider's file gives them. Never shown again. */
export type ChannelConfig = Readonly<Record<string, string>>;

export interface Channel {
  readonly id: string;
  readonly teamId: string;
  /** Unique in the team: small letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  readonly provider: ChannelProvider;
  readonly events: readonly ChannelEvent[];
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When something was last received there. */
  readonly deliveredAt?: number;
  /** Why the last try that failed did. */
  readonly lastError?: { readonly message: string; readonly at: number };
}

export interface NewChannel {
  readonly name: string;
  readonly provider: ChannelProvider;
  readonly config: ChannelConfig;
  readonly events: readonly ChannelEvent[];
}

/** Another team's channel is one that there is not. */
export interface Channels {
  /** @returns with it, where receivers know the sender by a secret, that one: it is told to nobody again
   *  @throws {YardError} invalid (`name`, `events`, `config.…`), conflict (`name`), too_many */
  create(teamId: string, wanted: NewChannel): Promise<{ readonly channel: Channel; readonly secret?: string }>;
  /** Newest first. */
  list(teamId: string): Promise<readonly Channel[]>;
  /** @throws {YardError} not_found */
  get(teamId: string, id: string): Promise<Channel>;
  /** Replaces both. @throws {YardError} not_found, invalid, conflict */
  update(teamId: string, id: string, changes: Pick<NewChannel, "name" | "events">): Promise<Channel>;
  /** Replaces all of it: what is on its way goes by the new one. @throws {YardError} not_found, invalid */
  configure(teamId: string, id: string, config: ChannelConfig): Promise<Channel>;
  /** With all that is on its way. @returns whether there was one */
  remove(teamId: string, id: string): Promise<boolean>;
  /** Sends the event once, and keeps nothing.
   *  @throws {YardError} invalid, also where it does not arrive, with the reason; too_many; interrupted by the signal */
  try(teamId: string, to: Pick<NewChannel, "provider" | "config">, attempt: Attempt): Promise<void>;
  removeTeam(teamId: string): Promise<void>;
}

export interface Attempt {
  readonly event: EventDocument;
  readonly signal: AbortSignal;
}

/** What receivers are told, in the very words in which webhooks get it. */
export interface EventDocument {
  readonly event: string;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly team_id: string;
  readonly actor: { readonly type: string; readonly id?: string; readonly name?: string };
  readonly resource: { readonly id: string; readonly type: string };
}

/** What receivers of the fleet are told, in the very words in which webhooks get it. */
export interface FleetDocument {
  readonly event: "alert.fired" | "alert.resolved" | "channel.test";
  /** RFC 3339. */
  readonly timestamp: string;
  readonly severity: "info" | "warning" | "critical";
  readonly message: string;
  readonly alert?: AlertFacts & (AlertedContainer | AlertedContainers);
}

interface AlertFacts {
  readonly rule_id: number;
  readonly rule_name: string;
  readonly metric: string;
  readonly threshold: number;
  /** For how many containers the rule fires now. */
  readonly firing: number;
}

export interface AlertedContainer {
  readonly value: number;
  readonly container_name: string;
  readonly host_id: string;
}

/** Several, of which a message tells at once. */
export interface AlertedContainers {
  readonly container_count: number;
  /** The first of them. */
  readonly containers: readonly AlertedContainer[];
}

/** What anybody is told. */
export type AnyDocument = EventDocument | FleetDocument;
