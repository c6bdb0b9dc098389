/** Networks with who is on them, in Dockmesh's words. */
import { type Static, Type } from "typebox";
import { label } from "../../containers/deploy/labels.ts";
import type { ContainerRow } from "../../containers/inventory/container-row.ts";
import { type Attachment, attachmentsOf, type NetworkRow } from "../../containers/networks.ts";

const Port = Type.Object({
  host_port: Type.Optional(Type.Integer({ description: "Absent: it is not published" })),
  container_port: Type.Integer(),
  protocol: Type.String(),
});

export const Topology = Type.Object({
  networks: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      driver: Type.String(),
      scope: Type.String(),
      internal: Type.Boolean(),
      system: Type.Boolean({ description: "One of the engine's own" }),
      stack: Type.Optional(Type.String()),
    }),
  ),
  containers: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      image: Type.String(),
      state: Type.String(),
      stack: Type.Optional(Type.String()),
      ports: Type.Array(Port),
    }),
  ),
  links: Type.Array(
    Type.Object({
      network_id: Type.String(),
      container_id: Type.String(),
      ipv4: Type.Optional(Type.String()),
      aliases: Type.Optional(Type.Array(Type.String())),
    }),
  ),
});

/** The engine's rows, each with its containers. */
export function networksToWire(networks: readonly NetworkRow[], containers: readonly ContainerRow[]) {
  const byNetwork = Map.groupBy(attachmentsOf(networks, containers), ({ network }) => network);
  return networks.map((network) => {
    const ends = byNetwork.get(network.Id) ?? [];
    return { ...network, Containers: Object.fromEntries(ends.map((end) => [end.container.Id, endToWire(end)])) };
  });
}

function endToWire({ container, endpointId, mac, ipv4, ipv4Prefix, ipv6, ipv6Prefix }: Attachment) {
  return {
    ...{ Name: nameOf(container), EndpointID: endpointId, MacAddress: mac },
    IPv4Address: ipv4 && `${ipv4}/${ipv4Prefix}`,
    IPv6Address: ipv6 && `${ipv6}/${ipv6Prefix}`,
  };
}

const ownNetworks: ReadonlySet<string> = new Set(["bridge", "host", "none"]);

export function topologyToWire(
  networks: readonly NetworkRow[],
  containers: readonly ContainerRow[],
): Static<typeof Topology> {
  return {
    networks: networks.map(({ Id, Name, Driver, Scope, Internal, Labels }) => ({
      ...{ id: Id, name: Name, driver: Driver, scope: Scope },
      ...{ internal: Internal === true, system: ownNetworks.has(Name), ...stackOf(Labels) },
    })),
    containers: containers.map((row) => ({
      ...{ id: row.Id, name: nameOf(row), image: row.Image, state: row.State, ...stackOf(row.Labels) },
      ports: portsOf(row),
    })),
    links: attachmentsOf(networks, containers).map(({ network, container, ipv4, aliases }) => ({
      ...{ network_id: network, container_id: container.Id },
      ...(ipv4 !== "" && { ipv4 }),
      ...(aliases.length > 0 && { aliases: [...aliases] }),
    })),
  };
}

function nameOf({ Names: [name = ""] }: ContainerRow): string {
  return name.replace(/^\//, "");
}

function stackOf(labels: unknown): { stack?: string } {
  const stack = (labels as Readonly<Record<string, string>> | null | undefined)?.[label.project];
  return stack === undefined ? {} : { stack };
}

interface PublishedPort {
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}

/** One for each port and protocol: engines tell one for each address that it is published on. */
function portsOf({ Ports }: ContainerRow): Static<typeof Port>[] {
  const ports = Array.isArray(Ports) ? (Ports as readonly PublishedPort[]) : [];
  const rows = ports.map(({ PrivatePort, PublicPort, Type: protocol }) => ({
    ...(PublicPort !== undefined && { host_port: PublicPort }),
    ...{ container_port: PrivatePort, protocol },
  }));
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}
