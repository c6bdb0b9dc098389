/** Ports of a service: `80`, `8080:80`, `127.0.0.1:8000-8010:8000-8010/udp`, `[::1]:80:80`, or spelled out. */
import { isIP } from "node:net";
import type { PortSpec } from "./project.ts";
import type { Reader } from "./reader.ts";
import type { SourceNode } from "./source-tree.ts";

/** The parts of one entry, as texts. */
interface PortParts {
  readonly target: string;
  readonly published?: string;
  readonly hostIp?: string;
  readonly protocol?: string;
}

const protocols = ["tcp", "udp", "sctp"] as const;
/** Ports that one entry may stand for. */
const maxRange = 1_000;
const shortForm = /^(?:(?:(\[[^\]]*\]|[^:[\]]*):)?([\d-]*):)?([\d-]+)(?:\/([a-z]+))?$/;

export function readPorts(node: SourceNode | undefined, read: Reader): readonly PortSpec[] {
  return read.items(node).flatMap((item) => {
    const parts = item.kind === "map" ? readLong(item, read) : readShort(item, read);
    return parts === undefined ? [] : spread(parts, item, read);
  });
}

/** What makes two entries one: for merging. */
export function portKey(item: SourceNode): string | undefined {
  const parts =
    item.kind === "map"
      ? partsOfMap(item.entries)
      : item.kind === "scalar"
        ? parseShort(String(item.value))
        : undefined;
  if (parts === undefined) return undefined;
  const { hostIp = "", published = "", target, protocol = "tcp" } = parts;
  return `${hostIp}:${published}:${target}/${protocol}`;
}

function partsOfMap(entries: ReadonlyMap<string, SourceNode>): PortParts {
  const text = (key: string) => {
    const node = entries.get(key);
    return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
  };
  return {
    target: text("target") ?? "",
    published: text("published"),
    hostIp: text("host_ip"),
    protocol: text("protocol"),
  };
}

function parseShort(text: string): PortParts | undefined {
  const [, hostIp, published, target, protocol] = shortForm.exec(text.trim()) ?? [];
  if (target === undefined) return undefined;
  return {
    target,
    ...(published && { published }),
    ...(hostIp && { hostIp: hostIp.replace(/^\[(.*)\]$/, "$1") }),
    ...(protocol && { protocol }),
  };
}

function readShort(item: SourceNode, read: Reader): PortParts | undefined {
  return read.parsed(item, parseShort, "a port, such as 8080:80 or 127.0.0.1:53:53/udp");
}

function readLong(item: SourceNode, read: Reader): PortParts | undefined {
  const { target, published, host_ip, protocol, mode } = read.fields(item, {
    reads: ["target", "published", "host_ip", "protocol", "mode"],
    ignores: ["name", "app_protocol"],
  });
  read.choice(mode, ["host", "ingress"]); // without a swarm both are the host's port
  if (target === undefined) return read.complain(item.place, "needs a target: the container's port");
  return {
    target: read.text(target) ?? "",
    published: read.text(published) || undefined,
    hostIp: read.text(host_ip) || undefined,
    protocol: read.text(protocol),
  };
}

/** A range of the container's ports goes to a range of the host's of the same length, one to one. */
function spread(
  { target, published, hostIp, protocol = "tcp" }: PortParts,
  item: SourceNode,
  read: Reader,
): PortSpec[] {
  const known = protocols.find((one) => one === protocol);
  const inside = rangeOf(target);
  const outside = published === undefined ? undefined : rangeOf(published);
  const fault =
    (known === undefined && `has the protocol ${protocol}, which is none of ${protocols.join(", ")}`) ||
    (hostIp !== undefined && isIP(hostIp) === 0 && `has the address ${hostIp}, which is no IP address`) ||
    ((inside === undefined || (published !== undefined && outside === undefined)) &&
      `must have ports from 1 to 65535, and ranges of at most ${maxRange} upwards`) ||
    (inside && outside && inside.length !== outside.length && "has two ranges of different lengths");
  if (fault || known === undefined || inside === undefined) {
    read.complain(item.place, fault || "is no port");
    return [];
  }
  return inside.map((port, index) => ({
    target: port,
    protocol: known,
    ...(outside && { published: outside[index] }),
    ...(hostIp !== undefined && { hostIp }),
  }));
}

function rangeOf(text: string): readonly number[] | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (!(from >= 1 && to <= 65_535 && from <= to && to - from < maxRange)) return undefined;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
