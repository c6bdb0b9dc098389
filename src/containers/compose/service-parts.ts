/** Smaller parts of a service that have a short form each. */
import type { ServiceSpec } from "./project.ts";
import { present, type Reader } from "./reader.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

type Device = ServiceSpec["devices"][number];

const allPermissions = "rwm";

export function readDevices(node: SourceNode | undefined, read: Reader): readonly Device[] {
  return read.items(node).flatMap((item) => {
    const device =
      item.kind === "map"
        ? readLongDevice(item, read)
        : read.parsed(item, parseDevice, "a device, such as /dev/ttyUSB0:/dev/tty1:rw");
    return device === undefined ? [] : [device];
  });
}

function parseDevice(text: string): Device | undefined {
  const [, source, target = source, permissions = allPermissions] =
    /^(\/[^:]+)(?::(\/[^:]+))?(?::([rwm]{1,3}))?$/.exec(text) ?? [];
  return source === undefined || target === undefined ? undefined : { source, target, permissions };
}

function readLongDevice(item: SourceNode, read: Reader): Device | undefined {
  const found = read.fields(item, { reads: ["source", "target", "permissions"] });
  const source = read.text(found.source);
  if (source === undefined) return read.complain(item.place, "needs a source: a device of the host");
  const permissions = read.matching(found.permissions, /^[rwm]{1,3}$/, "some of r, w and m") ?? allPermissions;
  return { source, target: read.text(found.target) ?? source, permissions };
}

/** A mapping, a list of `name:address` or of `name=address`. */
export function readExtraHosts(node: SourceNode | undefined, read: Reader): readonly string[] {
  if (isNothing(node)) return [];
  if (node.kind === "map") {
    return [...node.entries].flatMap(([name, value]) =>
      (read.texts(value) ?? []).map((address) => `${name}:${address}`),
    );
  }
  return read.items(node).flatMap((item) => read.parsed(item, parseExtraHost, "a host, such as db:10.0.0.5") ?? []);
}

function parseExtraHost(text: string): string | undefined {
  const [, name, address] = /^([^:=\s]+)[:=](\S+)$/.exec(text) ?? [];
  return name === undefined ? undefined : `${name}:${address}`;
}

export function readUlimits(node: SourceNode | undefined, read: Reader): ServiceSpec["ulimits"] {
  const unlimited = { min: -1 };
  const limits = [...read.entries(node)].map(([name, value]) => {
    if (value.kind !== "map") {
      const both = read.wholeNumber(value, unlimited) ?? 0;
      return [name, { soft: both, hard: both }] as const;
    }
    const found = read.fields(value, { reads: ["soft", "hard"] });
    const [soft, hard] = [read.wholeNumber(found.soft, unlimited), read.wholeNumber(found.hard, unlimited)];
    if (soft === undefined || hard === undefined) read.complain(value.place, "needs soft and hard");
    return [name, { soft: soft ?? 0, hard: hard ?? 0 }] as const;
  });
  return new Map(limits);
}

export function readLogging(node: SourceNode | undefined, read: Reader): ServiceSpec["logging"] {
  if (isNothing(node)) return undefined;
  const { driver, options } = read.fields(node, { reads: ["driver", "options"] });
  return { ...present({ driver: read.text(driver) }), options: read.labels(options) };
}
