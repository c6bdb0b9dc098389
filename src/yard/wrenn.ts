/** What Wrenn's API is built on, out of the yard's rooms. */
import { join } from "node:path";
import { createGuards } from "../apis/wrenn/guards.ts";
import { createGitHub } from "../apis/wrenn/oauth/github.ts";
import type { WrennParts } from "../apis/wrenn/parts.ts";
import { createPortGateway } from "../apis/wrenn/proxy/port-gateway.ts";
import type { Capsules } from "../capsules/capsule.ts";
import type { Config } from "../config.ts";
import type { Identity } from "../identity/identity.ts";
import type { TeamDirectory } from "../identity/team-directory.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import type { Gateway } from "../platform/http/gateway.ts";
import type { Log } from "../platform/log.ts";
import { packageVersion } from "../version.ts";

interface WrennSources extends Pick<WrennParts, "capsules" | "channels" | "hosts" | "hostTokens" | "essential"> {
  readonly config: Config;
  readonly masterKey: Uint8Array;
  readonly identity: Identity;
  readonly teamDirectory: TeamDirectory;
}

export function wrennParts({ config, masterKey, ...parts }: WrennSources): WrennParts {
  const { github, frontendUrl = config.publicUrl, oauthQuery: inQuery } = config.wrenn;
  return {
    ...parts,
    oauth: {
      providers: github ? [createGitHub(github)] : [],
      stateKey: deriveKey(masterKey, "wrenn oauth state"),
      ...{ publicUrl: config.publicUrl, frontendUrl, inQuery },
    },
    signup: config.wrenn.signup,
    loginRate: config.loginRate,
    version: packageVersion(),
    holdingDirectory: join(config.data, "uploads"),
  };
}

interface PortSources extends Pick<WrennSources, "config" | "identity" | "teamDirectory"> {
  readonly capsules: Capsules;
  readonly log: Log;
}

/** The way to ports inside capsules, past all APIs. */
export function openPortGateway({ config, identity, teamDirectory, capsules, log }: PortSources): Gateway {
  const { authenticator } = identity;
  const guards = createGuards({ authenticator, teamDirectory, denied: () => {} });
  return createPortGateway({ capsules, guards, openPorts: config.capsules.openPorts, log });
}
