/** What the apps need of the rest of the yard; the composition root hands it in. */
import type { Units } from "../hosts/host.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";

export interface AppParts {
  readonly database: Pick<Database, "kysely">;
  /** Of the host that the apps which are added here run on. */
  readonly units: Units;
  readonly host: OwnHost;
  readonly secrets: SecretBox;
  readonly owners: OwnerDirectory;
  readonly events: EventSink;
  /** Hears of each change, for who looks at lists of apps. */
  readonly changed?: AppChanged;
  /** Does what must work even on a full disk: what stops things, and the record of that. */
  readonly essential: Essential;
  readonly clock: Clock;
  readonly log: AppLog;
  readonly variables?: RunVariables;
}

export type AppChanged = (appId: string, kind: "added" | "changed" | "removed") => void;

/** The host whose units are given, among those of other yards that share the table of apps. */
export interface OwnHost {
  readonly id: string;
  /** Of any host: what people call it, and whether its yard is there. Undefined: nobody knows it. */
  find(id: string): Promise<{ readonly name: string; readonly isLive: boolean } | undefined>;
}

/** Encrypts text so that it opens only at the same `place` (a table's row). */
export interface SecretBox {
  seal(text: string, place: string): string;
  open(sealed: string, place: string): string;
}

export interface Owner {
  /** Null for one who is no longer a user. */
  readonly username: string | null;
  readonly teams: readonly string[];
  /** OS user that this user's apps run as; empty: the agent's own. */
  readonly execUser: string;
}

export interface OwnerDirectory {
  /** Those of the users that there are or were, in one query however many. */
  describe(userIds: readonly string[]): Promise<ReadonlyMap<string, Owner>>;
}

export type Essential = <T>(work: () => Promise<T>) => Promise<T>;

export interface EventSink {
  append(topic: string, subject: string, data: Readonly<Record<string, string | number | null>>): Promise<void>;
}

export interface AppLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** Names of the environment variables that tell a process about itself. Which ones is the APIs' affair. */
export interface RunVariables {
  readonly appName: readonly string[];
  /** New at each start: proves to the yard that a caller is this process. */
  readonly secret: readonly string[];
  /** When it was started, in whole seconds since 1970. */
  readonly startedSeconds: readonly string[];
  /** The same for every process, unless its definition says otherwise. */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** Who asks, as far as ownership goes; what they may do at all was decided before. */
export interface Actor {
  readonly userId: string;
  readonly username: string;
  readonly isAdmin: boolean;
  /** By name. */
  readonly teams: { has(name: string): boolean };
}
