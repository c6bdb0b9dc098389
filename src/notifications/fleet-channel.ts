/** Channels of the fleet as a whole: where alert rules tell that a container is not well. */
import type { FleetDocument, FleetProvider } from "./channel.ts";

/** Stands where channels of teams have their team. */
export const fleetTeam = "fleet";

export interface FleetChannel {
  /** By which rules name it. Counts up; never given twice. */
  readonly number: number;
  /** Any text; need not be unique. */
  readonly name: string;
  readonly type: FleetProvider;
  /** What is no secret. */
  readonly config: Readonly<Record<string, string>>;
  /** Names of the secrets that are kept. */
  readonly secrets: readonly string[];
  /** While it is not, it is told nothing. */
  readonly isEnabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When something was last received there. */
  readonly deliveredAt?: number;
  /** Why the last try that failed did. */
  readonly lastError?: { readonly message: string; readonly at: number };
}

export interface FleetChannelInput {
  readonly name: string;
  readonly type: FleetProvider;
  /** Secrets that are left out or empty stay as they are kept, as long as they go to the same server; null forgets. */
  readonly config: Readonly<Record<string, string | null>>;
  /** If absent: as it is, and yes for a new one. */
  readonly isEnabled?: boolean;
}

export interface FleetChannels {
  /** In the order in which they were made. */
  list(): Promise<readonly FleetChannel[]>;
  /** @throws {YardError} invalid (`name`, `config.…`), too_many */
  create(wanted: FleetChannelInput): Promise<FleetChannel>;
  /** Replaces all of it. What is on its way goes by the new config; nothing does once it is disabled.
   *  @throws {YardError} not_found, invalid */
  update(number: number, wanted: FleetChannelInput): Promise<FleetChannel>;
  /** With all that is on its way. @throws {YardError} not_found */
  remove(number: number): Promise<void>;
  /** Sends a test once. @throws {YardError} not_found; invalid, where it does not arrive, with the reason; too_many; interrupted by the signal */
  try(number: number, signal: AbortSignal): Promise<void>;
}

/** Something that some channels are to be told. */
export interface FleetNotice {
  readonly channels: readonly number[];
  /** Notices of one subject arrive in the order in which they were kept. */
  readonly subject: string;
  readonly event: FleetDocument;
  /** Milliseconds since 1970. */
  readonly at: number;
}
