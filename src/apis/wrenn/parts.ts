/** What Wrenn's API is built on; yard.ts hands it in. */
import type { Capsules } from "../../capsules/capsule.ts";
import type { Enrolment } from "../../hosts/enrolment.ts";
import type { Liveness } from "../../hosts/liveness.ts";
import type { HostRegistry } from "../../hosts/registry.ts";
import type { HostRemoval } from "../../hosts/removal.ts";
import type { Identity } from "../../identity/identity.ts";
import type { TeamDirectory } from "../../identity/team-directory.ts";
import type { Channels } from "../../notifications/channel.ts";
import type { OAuthProvider } from "./oauth/provider.ts";
import type { ReturnSettings } from "./oauth/return.ts";

export interface WrennParts extends CapsuleParts {
  readonly identity: Pick<
    Identity,
    "users" | "sessions" | "memberships" | "links" | "roles" | "apiKeys" | "authenticator" | "audit"
  >;
  readonly teamDirectory: TeamDirectory;
  readonly channels: Channels;
  readonly hosts: WrennHosts;
  /** Whose tokens hosts come with. */
  readonly hostTokens: HostTokens;
  /** Who may make an account: everybody, programs on this machine, nobody. */
  readonly signup: "open" | "loopback" | "closed";
  readonly oauth: OAuthSettings;
  /** Logins per minute and address; 0 is no limit. */
  readonly loginRate: number;
  readonly version: string;
  /** Does what must work even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

/** What routes about capsules are built on. */
export interface CapsuleParts {
  readonly capsules: Capsules;
  /** For uploads that cannot be passed on at once. */
  readonly holdingDirectory: string;
}

/** What routes about hosts are built on. */
export type HostParts = Pick<WrennParts, "hosts" | "identity" | "teamDirectory" | "loginRate">;

export interface WrennHosts {
  readonly registry: HostRegistry;
  readonly enrolment: Enrolment;
  readonly liveness: Pick<Liveness, "heard">;
  readonly removal: HostRemoval;
}

export interface OAuthSettings extends ReturnSettings {
  readonly providers: readonly OAuthProvider[];
  /** For cookies that outlive a restart. */
  readonly stateKey: Uint8Array;
  /** An origin, under which browsers know the yard; where the request came in, if undefined. */
  readonly publicUrl: string | undefined;
}

export interface HostTokens {
  /** @throws {YardError} unauthenticated */
  authenticate(token: string): Promise<{ readonly hostId: string }>;
}
