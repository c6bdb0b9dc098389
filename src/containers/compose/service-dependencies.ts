/** What a service waits for: what it says, and those whose namespaces it wants to share. */
import type { DependencySpec, ServiceSpec } from "./project.ts";
import type { Fields, Reader } from "./reader.ts";
import type { serviceKeys } from "./service-keys.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

type ServiceFields = Fields<(typeof serviceKeys.reads)[number]>;

const started: DependencySpec = { condition: "service_started", required: true };

export function readDependencies(found: ServiceFields, read: Reader): ServiceSpec["dependsOn"] {
  const shared = [found.network_mode, found.pid, found.ipc].flatMap((node) => sharedService(node));
  return new Map([...shared.map((name) => [name, started] as const), ...readDeclared(found.depends_on, read)]);
}

function sharedService(node: SourceNode | undefined): readonly string[] {
  const text = node?.kind === "scalar" ? String(node.value) : "";
  return text.startsWith("service:") ? [text.slice("service:".length)] : [];
}

function readDeclared(node: SourceNode | undefined, read: Reader): readonly (readonly [string, DependencySpec])[] {
  if (isNothing(node)) return [];
  if (node.kind !== "map") return (read.texts(node) ?? []).map((name) => [name, started]);
  return [...node.entries].map(([name, value]) => {
    const { condition, required } = read.fields(value, {
      reads: ["condition", "required"],
      ignores: ["restart"], // a restart by hand of the other: there is no such command here
    });
    const conditions = ["service_started", "service_healthy", "service_completed_successfully"] as const;
    return [
      name,
      { condition: read.choice(condition, conditions) ?? "service_started", required: read.flag(required) ?? true },
    ];
  });
}

/** Drops what is not required and not there, and finds what waits for something that is not there, or for itself by way of others.
 *  @param complain of a service, by its name */
export function checkDependencies(
  services: ReadonlyMap<string, ServiceSpec>,
  complain: (service: string, message: string) => void,
): ReadonlyMap<string, ServiceSpec> {
  const checked = new Map([...services].map(([name, service]) => [name, withPresentOnes(service, services, complain)]));
  const cycle = findCycle(checked);
  if (cycle !== undefined) complain(cycle[0]!, `waits for itself: ${cycle.join(" → ")}`);
  return checked;
}

function withPresentOnes(
  service: ServiceSpec,
  services: ReadonlyMap<string, ServiceSpec>,
  complain: (service: string, message: string) => void,
): ServiceSpec {
  const dependsOn = [...service.dependsOn].filter(([name, { required }]) => {
    if (services.has(name)) return true;
    if (required) complain(service.name, `needs the service ${name}, which is not there or has a profile`);
    return false;
  });
  return { ...service, dependsOn: new Map(dependsOn) };
}

function findCycle(services: ReadonlyMap<string, ServiceSpec>): readonly string[] | undefined {
  const done = new Set<string>();
  function follow(name: string, way: readonly string[]): readonly string[] | undefined {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of services.get(name)?.dependsOn.keys() ?? []) {
      const cycle = follow(next, [...way, name]);
      if (cycle !== undefined) return cycle;
    }
    done.add(name);
    return undefined;
  }
  for (const name of services.keys()) {
    const cycle = follow(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
