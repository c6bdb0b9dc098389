/** What App Mesh's API is built on; yard.ts hands it in. */
import type { Apps } from "../../apps/apps.ts";
import type { Host } from "../../hosts/host.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Metrics } from "../../platform/metrics.ts";
import type { ReadingSetting } from "./quirks.ts";
import type { SecretSeal } from "./translate.ts";

export interface AppMeshParts {
  readonly identity: Identity;
  readonly apps: Apps;
  readonly localHost: Host;
  readonly seal: SecretSeal;
  readonly clock: Clock;
  readonly reading: ReadingSetting;
  readonly startedAt: number;
  /** Logins per minute and address; 0 is no limit. */
  readonly loginRate: number;
  /** The data directory, as `resources` names it. */
  readonly home: string;
  readonly metrics: Metrics;
  /** Does what must work even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}
