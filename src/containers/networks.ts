/** Networks of one host. What an engine says of them is passed on as it is; its list leaves out who is on them, which is known from the containers. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { readEngineJson } from "../platform/docker/engine-reply.ts";
import { YardError } from "../platform/errors.ts";
import type { DockerHost } from "./docker-hosts.ts";
import { engineLimits, requireAwake } from "./engine-limits.ts";
import { asRecord, type EngineRecord } from "./engine-record.ts";
import type { ContainerRow } from "./inventory/container-row.ts";
import { requireName } from "./names.ts";

export interface NetworkRow {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly [key: string]: unknown;
}

export interface NewNetwork {
  readonly name: string;
  readonly driver?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A container's end in a network. */
export interface Attachment {
  readonly network: string;
  readonly container: ContainerRow;
  readonly endpointId: string;
  readonly mac: string;
  /** Without the length of its prefix; empty while the container does not run. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
  readonly aliases: readonly string[];
}

const Networks = Compile(
  Type.Array(Type.Object({ Id: Type.String(), Name: Type.String(), Driver: Type.String(), Scope: Type.String() })),
);

const text = Type.Optional(Type.String());
const number = Type.Optional(Type.Number());
const Attached = Compile(
  Type.Object({
    NetworkSettings: Type.Object({
      Networks: Type.Record(
        Type.String(),
        Type.Object({
          NetworkID: text,
          EndpointID: text,
          MacAddress: text,
          IPAddress: text,
          IPPrefixLen: number,
          GlobalIPv6Address: text,
          GlobalIPv6PrefixLen: number,
          Aliases: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
        }),
      ),
    }),
  }),
);

export async function listNetworks({ engine }: DockerHost): Promise<readonly NetworkRow[]> {
  const listed = await engine.call("list networks", (docker, abortSignal) =>
    readEngineJson(docker, "/networks", { abortSignal }),
  );
  if (!Networks.Check(listed)) throw new YardError("internal", "The Docker engine's list of networks cannot be read.");
  return listed;
}

/** Who is on which network. A container that has never run since it was put on one knows it by name alone. */
export function attachmentsOf(networks: readonly NetworkRow[], containers: readonly ContainerRow[]): Attachment[] {
  const idByName = new Map(networks.map(({ Id, Name }) => [Name, Id]));
  return containers.flatMap((container) => {
    if (!Attached.Check(container)) return [];
    return Object.entries(container.NetworkSettings.Networks).flatMap(([name, end]): Attachment[] => {
      const network = end.NetworkID || idByName.get(name);
      if (network === undefined) return [];
      return [
        {
          ...{ network, container, endpointId: end.EndpointID ?? "", mac: end.MacAddress ?? "" },
          ...{ ipv4: end.IPAddress ?? "", ipv4Prefix: end.IPPrefixLen ?? 0 },
          ...{ ipv6: end.GlobalIPv6Address ?? "", ipv6Prefix: end.GlobalIPv6PrefixLen ?? 0 },
          aliases: end.Aliases ?? [],
        },
      ];
    });
  });
}

/** As the engine describes it. @param id an id, its beginning, or a name   @throws {YardError} invalid, not_found */
export async function inspectNetwork({ engine }: DockerHost, id: string): Promise<EngineRecord> {
  requireName(id, "id");
  const found = await engine.call("look at the network", (docker, abortSignal) =>
    readEngineJson(docker, `/networks/${id}`, { abortSignal }),
  );
  return asRecord(found, "network");
}

/** @throws {YardError} invalid, conflict (there is one of that name) */
export async function createNetwork(
  { engine }: DockerHost,
  { name, driver = "bridge", labels = {} }: NewNetwork,
): Promise<{ readonly id: string }> {
  requireName(name, "name");
  requireName(driver, "driver");
  await requireAwake(engine);
  return engine.call("make the network", (docker, abortSignal) =>
    docker.createNetwork({ Name: name, Driver: driver, Labels: { ...labels }, CheckDuplicate: true, abortSignal }),
  );
}

/** @throws {YardError} invalid, not_found, conflict (containers are on it, or it is one of the engine's own) */
export async function removeNetwork({ engine }: DockerHost, id: string): Promise<void> {
  requireName(id, "id");
  await requireAwake(engine);
  await engine.call("remove the network", (docker, abortSignal) => docker.getNetwork(id).remove({ abortSignal }));
}

/** Removes those that no container is on. */
export async function pruneNetworks({ engine }: DockerHost): Promise<EngineRecord> {
  await requireAwake(engine);
  const report = await engine.call(
    "remove unused networks",
    (docker, abortSignal) => docker.pruneNetworks({ abortSignal }),
    { timeoutMs: engineLimits.clearingMs },
  );
  return { ...report };
}
