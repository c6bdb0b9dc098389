/** Opens what holds for the whole fleet, out of the yard's settings: addresses, variables of all stacks, registries of images. */
import type { Config } from "../config.ts";
import { createFleetSettings, type FleetSettings } from "../containers/fleet-settings/fleet-settings.ts";
import { createGlobalEnv, type GlobalEnv } from "../containers/global-env/global-env.ts";
import { createRegistries, type Registries } from "../containers/registries/registries.ts";
import { createTryRegistry } from "../containers/registries/try-registry.ts";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";

export interface FleetWide {
  readonly fleetSettings: FleetSettings;
  readonly globalEnv: GlobalEnv;
  readonly registries: Registries;
  /** By which people and agents are to reach the yard, where somebody has said so: while it runs, or else at its start. */
  namedUrls(): Promise<{ readonly publicUrl?: string; readonly agentUrl?: string }>;
}

export interface FleetWideSources {
  readonly config: Pick<Config, "publicUrl" | "registries">;
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
}

export function openFleetWide({ config, ...parts }: FleetWideSources): FleetWide {
  const fleetSettings = createFleetSettings(parts);
  return {
    fleetSettings,
    globalEnv: createGlobalEnv(parts),
    registries: createRegistries({ ...parts, tryRegistry: createTryRegistry(config.registries) }),
    async namedUrls() {
      const { baseUrl, agentUrl } = await fleetSettings.get();
      return { publicUrl: baseUrl || config.publicUrl, agentUrl: agentUrl || undefined };
    },
  };
}
