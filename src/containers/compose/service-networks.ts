/** Which networks a service is in, and under which names. */
import { isIP } from "node:net";
import type { ServiceNetwork, ServiceSpec } from "./project.ts";
import { present, type Reader } from "./reader.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

export function readServiceNetworks(node: SourceNode | undefined, read: Reader): ServiceSpec["networks"] {
  const alone: ServiceNetwork = { aliases: [] };
  if (isNothing(node)) return new Map([["default", alone]]);
  if (node.kind !== "map") return new Map((read.texts(node) ?? []).map((name) => [name, alone]));
  return new Map([...node.entries].map(([name, value]) => [name, readOne(value, read)]));
}

function readOne(node: SourceNode, read: Reader): ServiceNetwork {
  const found = read.fields(node, {
    reads: ["aliases", "ipv4_address", "ipv6_address"],
    refuses: ["priority", "gw_priority", "link_local_ips", "mac_address", "driver_opts", "interface_name"],
  });
  return {
    aliases: read.texts(found.aliases) ?? [],
    ...present({
      ipv4: read.parsed(found.ipv4_address, (text) => (isIP(text) === 4 ? text : undefined), "an IPv4 address"),
      ipv6: read.parsed(found.ipv6_address, (text) => (isIP(text) === 6 ? text : undefined), "an IPv6 address"),
    }),
  };
}

export function readNetworkMode(node: SourceNode | undefined, read: Reader): string | undefined {
  return read.matching(
    node,
    /^(?:host|none|bridge|(?:service|container):[a-zA-Z0-9][a-zA-Z0-9_.-]*)$/,
    "host, none, bridge, service:<name> or container:<name>",
  );
}
