/** Opens what agents with certificates need: the authority, the certificates, and a listener that is theirs alone. */

import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { agentsApi } from "../apis/agents/index.ts";
import type { AgentParts } from "../apis/dockmesh/parts.ts";
import type { Config } from "../config.ts";
import { type AgentAuthority, createAuthority } from "../hosts/certificates/authority.ts";
import { createCertificateEnrolment } from "../hosts/certificates/certificate-enrolment.ts";
import { createHostCertificates } from "../hosts/certificates/host-certificates.ts";
import type { Audit } from "../identity/identity.ts";
import { createTrail } from "../identity/trail.ts";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { DataDirectory } from "../platform/data-directory.ts";
import type { Database } from "../platform/db/database.ts";
import { createStoredSettings } from "../platform/db/stored-settings.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import type { Api } from "../platform/http/api.ts";
import { formatUrl, type ListenSpec } from "../platform/http/listen-spec.ts";
import type { HttpServer } from "../platform/http/server.ts";
import type { TlsSource } from "../platform/http/tls.ts";
import { keepCertificate } from "../platform/http/tls-kept.ts";
import type { Log } from "../platform/log.ts";
import { tunnelServerName } from "../platform/tunnel-stream.ts";
import { packageVersion } from "../version.ts";
import type { HostRoom } from "./hosts.ts";

export interface AgentRoom {
  readonly api: Api;
  /** For the API by which people add agents. */
  partsFor(hosts: Pick<AgentParts, "registry" | "removal" | "namedUrls"> & Pick<HostRoom, "fleet">): AgentParts;
  /** Begins to take connections of agents, where the settings say so. */
  listen(http: Pick<HttpServer, "listen">): Promise<void>;
}

export interface AgentSources {
  readonly config: Pick<Config, "listen" | "listenAgents" | "agents" | "publicUrl">;
  readonly data: Pick<DataDirectory, "tls">;
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly hosts: Pick<HostRoom, "registry" | "fleet">;
  readonly bus: Bus<Topics>;
  readonly audit: Audit;
  essential<T>(work: () => Promise<T>): Promise<T>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where Dockmesh's agents expect it. */
const usualPort = 8_443;

export function createAgentRoom(sources: AgentSources): AgentRoom {
  const { config, database, secrets, hosts, bus, audit, essential, clock } = sources;
  const changed = (hostId: string) => bus.publish("host.changed", { hostId });
  const settings = createStoredSettings({ database, clock });
  const authority = createAuthority({ settings, secrets, clock });
  const certificates = createHostCertificates({ database, clock });
  const enrolment = createCertificateEnrolment({
    ...{ database, clock, authority, certificates, registry: hosts.registry },
    changed,
  });
  let listening: ListenSpec | undefined;

  function urlFor(name: string): string {
    if (listening === undefined)
      throw new YardError("precondition", "This yard listens for no agents: start it with --listen-agents HOST:8443.");
    return agentUrl(config.agents.address, name, listening.port);
  }

  return {
    api: agentsApi({
      ...{ certificates, enrolment, fleet: hosts.fleet, version: packageVersion() },
      trail: createTrail({ api: "agents", audit, essential }),
    }),
    async listen(http) {
      listening = await openAgentListener(http, authority, sources);
    },
    partsFor: ({ fleet, ...rooms }) => ({
      ...{ ...rooms, fleet, certificates, enrolment, urlFor },
      async changed(hostId) {
        await changed(hostId);
        await fleet.refresh();
      },
    }),
  };
}

/** @returns the first of its addresses */
async function openAgentListener(
  http: Pick<HttpServer, "listen">,
  authority: AgentAuthority,
  { config, data, clock, log }: AgentSources,
): Promise<ListenSpec | undefined> {
  const tls = yardTls(join(data.tls, "agents"), { authority, names: namesOf(config), clock });
  const listenOn = (specs: readonly ListenSpec[]) =>
    http.listen(specs.map((spec) => ({ ...spec, apis: ["agents"], tls })));
  if (config.listenAgents) return (await listenOn(config.listenAgents))[0]?.spec;
  try {
    return (await listenOn(usualAddresses(config.listen)))[0]?.spec;
  } catch (error) {
    // Nobody has asked for it: a second yard on a machine starts without.
    if (!isYardError(error, "conflict")) throw error;
    log.warn({ err: error }, "no agents with certificates can connect: name an address for them with --listen-agents");
    return undefined;
  }
}

function usualAddresses(listen: readonly ListenSpec[]): readonly ListenSpec[] {
  const ports = new Map(listen.map(({ host, port }) => [host, port === 0 ? 0 : usualPort]));
  return [...ports].map(([host, port]) => ({ secure: true, host, port }));
}

function namesOf({ listen, listenAgents = [], agents, publicUrl }: AgentSources["config"]): readonly string[] {
  const bound = [...listen, ...listenAgents]
    .map(({ host }) => host)
    .filter((host) => host !== "0.0.0.0" && host !== "::");
  const known = [publicUrl, agents.address && `wss://${agents.address}`].flatMap((url) => url ?? []);
  const given = known.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, ""));
  return [
    ...new Set([tunnelServerName, "localhost", "127.0.0.1", "::1", hostname(), ...bound, ...given, ...agents.names]),
  ];
}

/** With it, whoever connects has to show a certificate of the authority's. */
function yardTls(
  directory: string,
  parts: { authority: AgentAuthority; names: readonly string[]; clock: Clock },
): TlsSource {
  const { authority, names, clock } = parts;
  const make = () => authority.certifyYard(names.map((value) => ({ type: isIP(value) ? "ip" : "dns", value })));
  return {
    async load() {
      const isFit = await authority.issued();
      const kept = await keepCertificate(directory, { names, now: clock.now(), make, isFit });
      return { ...kept, clientAuthority: await authority.certificate() };
    },
  };
}

function agentUrl(address: string | undefined, name: string, port: number): string {
  const origin = address === undefined ? formatUrl({ secure: true, host: name, port }) : `https://${address}`;
  return `${origin.replace(/^https/, "wss")}/connect`;
}
