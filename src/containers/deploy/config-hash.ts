/** Whether a container is still what the file describes: a digest of all that a change of makes another container necessary. */
import { createHash } from "node:crypto";
import type { ComposeProject, ServiceSpec } from "../compose/project.ts";

/** Goes up when containers are made differently out of the same file: they are all made anew then. */
const generation = 1;

/** Hex SHA-256. How many replicas there are, in what order they start and how they are replaced does not count. */
export function configHash(project: ComposeProject, service: ServiceSpec): string {
  const { replicas: _r, update: _u, dependsOn: _d, pullPolicy: _p, ...rest } = service;
  const networks = [...service.networks.keys()].map((key) => project.networks.get(key)?.name ?? key);
  const volumes = service.mounts.map((mount) =>
    mount.kind === "volume" && mount.source !== undefined ? project.volumes.get(mount.source)?.name : undefined,
  );
  return createHash("sha256")
    .update(canonical({ generation, ...rest, realNames: { networks, volumes } }))
    .digest("hex");
}

/** JSON in which equal things are equal texts: members and entries of maps in order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Map) return sorted(part.entries());
    if (typeof part === "object" && part !== null && !Array.isArray(part)) return sorted(Object.entries(part));
    return part;
  });
}

/** As pairs: neither a number as a name nor `__proto__` is special in these. */
function sorted(entries: Iterable<[string, unknown]>): readonly (readonly [string, unknown])[] {
  return [...entries].filter(([, value]) => value !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
