/** Agents as Dockmesh's clients read them: every host of the yard that is nobody's own, but the yards' own machines. */
import { type Static, Type } from "typebox";
import { isWithin, type Reach } from "../../containers/docker-hosts.ts";
import type { HostRecord } from "../../hosts/host-record.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { originOf } from "../../platform/http/origin.ts";
import type { AgentParts } from "./parts.ts";
import { basePath } from "./schemas.ts";

const Time = Type.String({ format: "date-time" });

export const Agent = Type.Object({
  id: Type.String(),
  name: Type.String(),
  status: Type.Enum(["pending", "online", "offline", "revoked"]),
  version: Type.Optional(Type.String({ description: "Of the agent" })),
  os: Type.Optional(Type.String()),
  arch: Type.Optional(Type.String()),
  hostname: Type.Optional(Type.String({ description: "As its machine calls itself" })),
  docker_version: Type.Optional(Type.String({ description: "Of its Docker engine, when it enrolled" })),
  cert_fingerprint: Type.Optional(Type.String({ description: "Hex SHA-256 of its certificate" })),
  last_seen_at: Type.Optional(Time),
  created_at: Time,
  updated_at: Time,
});

export const Invitation = Type.Object(
  {
    agent: Agent,
    token: Type.String({ description: "Good once, for a quarter of an hour; shown only here" }),
    enroll_token: Type.String({ description: "The same" }),
    enroll_url: Type.String({ format: "uri" }),
    agent_url: Type.String({ description: "Where the agent connects" }),
    install_hint: Type.String({ description: "To be run on its machine" }),
  },
  { description: "By what a machine becomes that host" },
);

export const AgentPath = Type.Object({ id: Type.String() });

export function isAgent({ kind, isLocal }: HostRecord): boolean {
  return kind === "regular" && !isLocal;
}

export interface AgentDirectory {
  list(reach: Reach): Promise<Static<typeof Agent>[]>;
  /** @throws {YardError} not_found; forbidden, beyond reach */
  get(id: string, reach: Reach): Promise<HostRecord>;
  toWire(host: HostRecord): Promise<Static<typeof Agent>>;
}

export function createAgentDirectory({ registry, certificates, fleet }: AgentParts): AgentDirectory {
  async function render(hosts: readonly HostRecord[]): Promise<Static<typeof Agent>[]> {
    const fingerprints = await certificates.fingerprints(hosts.map(({ id }) => id));
    return Promise.all(
      hosts.map(async (host) => agentToWire(host, fingerprints.get(host.id), (await fleet.find(host.id))?.isLive)),
    );
  }

  return {
    list: async (reach) =>
      render((await registry.list()).filter((host) => isAgent(host) && isWithin(reach, host.tags))),
    async get(id, reach) {
      const host = await registry.get(id);
      if (!isAgent(host)) throw new YardError("not_found", `There is no agent ${JSON.stringify(id.slice(0, 80))}.`);
      if (isWithin(reach, host.tags)) return host;
      throw new YardError("forbidden", `The host ${host.name} has none of the tags that you are held to.`);
    },
    async toWire(host) {
      const [agent] = await render([host]);
      return agent!;
    },
  };
}

function agentToWire(host: HostRecord, fingerprint: string | undefined, isLive = false): Static<typeof Agent> {
  const { id, name, status, agentVersion: version, os, arch, hostname, dockerVersion, heartbeatAt } = host;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ id, name, version, os, arch, hostname, docker_version: dockerVersion, cert_fingerprint: fingerprint },
    status: status === "pending" ? "pending" : isLive ? "online" : "offline",
    last_seen_at: heartbeatAt === undefined ? undefined : time(heartbeatAt),
    ...{ created_at: time(host.createdAt), updated_at: time(host.updatedAt) },
  };
}

export interface InvitationUrls {
  readonly agentUrl: string;
  /** Of the yard, as its clients reach it. */
  readonly origin: string;
}

/** @throws {YardError} precondition, while nobody listens for agents */
export async function urlsFor(request: ApiRequest, { urlFor, namedUrls }: AgentParts): Promise<InvitationUrls> {
  const { publicUrl: origin = originOf(request), agentUrl } = await namedUrls();
  return { origin, agentUrl: agentUrl ?? urlFor(new URL(origin).hostname.replace(/^\[|\]$/g, "")) };
}

export function invitationToWire(
  agent: Static<typeof Agent>,
  token: string,
  { origin, agentUrl }: InvitationUrls,
): Static<typeof Invitation> {
  return {
    ...{ agent, token, enroll_token: token, agent_url: agentUrl },
    enroll_url: `${origin}${basePath}/agents/enroll`,
    // Neither a token nor an origin holds anything that a shell would read.
    install_hint: `curl -fsSL '${origin}/install/agent.sh?token=${token}' | sh`,
  };
}
