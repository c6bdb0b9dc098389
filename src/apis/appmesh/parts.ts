/** What App Mesh's API is built on; yard.ts hands it in. */
import type { Apps } from "../../apps/apps.ts";
import type { Labels } from "../../apps/labels.ts";
import type { Host } from "../../hosts/host.ts";
import type { HostFiles } from "../../hosts/host-files.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Metrics } from "../../platform/metrics.ts";
import type { ForwardParts } from "./forward.ts";
import type { ReadingSetting } from "./quirks.ts";
import type { SecretSeal } from "./seal.ts";
import type { AppMeshSettings } from "./settings.ts";

export interface AppMeshParts extends ForwardParts {
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
  /** Of the tokens that go with session cookies; the same after every start. */
  readonly csrfKey: Uint8Array;
  /** Of the host that the apps run on. */
  readonly files: HostFiles;
  readonly maxUploadBytes: number;
  readonly labels: Labels;
  readonly settings: AppMeshSettings;
  /** Whether `metrics` names apps to callers from elsewhere too. */
  readonly metricsOpen: boolean;
  /** Does what must work even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}
