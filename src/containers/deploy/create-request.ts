/** What an engine is asked for to make a service's container. Says nothing where the file says nothing: every member is one that somebody wants. */
import type Docker from "dockerode";
import type { ComposeProject, MountSpec, PortSpec, ServiceSpec } from "../compose/project.ts";
import { containerName } from "./container-names.ts";
import { label, labelsVersion } from "./labels.ts";

export type CreateRequest = Docker.ContainerCreateOptions & { readonly name: string };

export interface ContainerFacts {
  readonly project: ComposeProject;
  readonly service: ServiceSpec;
  readonly number: number;
  readonly configHash: string;
  /** Where the stack's files are. */
  readonly directory: string;
  /** Volumes without a name of the container that this one replaces, by where they are mounted. */
  readonly inherited?: ReadonlyMap<string, string>;
}

export function createRequest(facts: ContainerFacts): CreateRequest {
  const { project, service, number } = facts;
  const environment = [...service.environment].map(([name, value]) => `${name}=${value}`);
  return {
    name: containerName(project.name, service, number),
    Image: service.image,
    Labels: labelsOf(facts),
    ...present("Cmd", service.command && [...service.command]),
    ...present("Entrypoint", service.entrypoint && [...service.entrypoint]),
    ...present("Env", some(environment)),
    ...present("User", service.user),
    ...present("WorkingDir", service.workingDir),
    ...present("Hostname", service.hostname),
    ...present("Domainname", service.domainname),
    ...present("Tty", service.tty || undefined),
    ...present("OpenStdin", service.stdinOpen || undefined),
    ...present("StopSignal", service.stopSignal),
    ...present("StopTimeout", seconds(service.stopGraceMs)),
    ...present("Healthcheck", healthcheckOf(service)),
    ...present("ExposedPorts", exposedPorts(service.ports)),
    HostConfig: { ...hostConfig(facts), ...limits(service) },
    ...present("NetworkingConfig", firstEndpoint(facts)),
  };
}

export interface Endpoint {
  /** The engine's name of the network. */
  readonly network: string;
  readonly settings: Docker.EndpointSettings;
}

/** In all networks of a service. Older engines take the first one with the request, and the others one by one. */
export function endpointsOf(project: ComposeProject, service: ServiceSpec): readonly Endpoint[] {
  return [...service.networks].map(([key, { aliases, ipv4, ipv6 }]) => ({
    network: project.networks.get(key)?.name ?? key,
    settings: {
      Aliases: [...new Set([service.name, ...aliases])],
      ...(ipv4 === undefined && ipv6 === undefined
        ? {}
        : { IPAMConfig: { ...present("IPv4Address", ipv4), ...present("IPv6Address", ipv6) } }),
    },
  }));
}

function firstEndpoint({ project, service }: ContainerFacts) {
  const [first] = endpointsOf(project, service);
  return first && { EndpointsConfig: { [first.network]: first.settings } };
}

/** Ours on top of the file's: nobody's container passes for another project's. */
function labelsOf({ project, service, number, configHash, directory }: ContainerFacts): Record<string, string> {
  return {
    ...Object.fromEntries(service.labels),
    [label.project]: project.name,
    [label.service]: service.name,
    [label.number]: String(number),
    [label.configHash]: configHash,
    [label.oneOff]: "False",
    [label.version]: labelsVersion,
    [label.workingDirectory]: directory,
    [label.configFiles]: `${directory}/compose.yaml`,
    ...(service.dependsOn.size > 0 && { [label.dependsOn]: dependenciesOf(service) }),
    [label.managed]: "true",
  };
}

function dependenciesOf({ dependsOn }: ServiceSpec): string {
  return [...dependsOn].map(([name, { condition }]) => `${name}:${condition}:false`).join(",");
}

function hostConfig(facts: ContainerFacts): Docker.HostConfig {
  const { project, service } = facts;
  const { binds, mounts } = mountsOf(facts);
  const { restart, logging } = service;
  return {
    NetworkMode: networkMode(project, service),
    ...present("Binds", some(binds)),
    ...present("Mounts", some(mounts)),
    ...present("Tmpfs", record(service.tmpfs.map(({ target, options }) => [target, options ?? ""]))),
    ...present("PortBindings", portBindings(service.ports)),
    ...(restart && { RestartPolicy: { Name: restart.policy, ...present("MaximumRetryCount", restart.retries) } }),
    ...present("Privileged", service.privileged || undefined),
    ...present("ReadonlyRootfs", service.readOnly || undefined),
    ...present("Init", service.init),
    ...present("CapAdd", some(service.capAdd)),
    ...present("CapDrop", some(service.capDrop)),
    ...present("SecurityOpt", some(service.securityOpt)),
    ...present("Devices", some(service.devices.map(deviceOf))),
    ...present("ExtraHosts", some(service.extraHosts)),
    ...present("Dns", some(service.dns)),
    ...present("DnsSearch", some(service.dnsSearch)),
    ...present("GroupAdd", some(service.groupAdd)),
    ...present("Sysctls", record(service.sysctls)),
    ...present("PidMode", service.pid && sharedMode(project, service.pid)),
    ...present("IpcMode", service.ipc && sharedMode(project, service.ipc)),
    ...(logging && { LogConfig: { Type: logging.driver ?? "json-file", Config: Object.fromEntries(logging.options) } }),
  };
}

function limits({ resources, shmBytes, ulimits }: ServiceSpec): Docker.HostConfig {
  const { cpus, memoryBytes, memoryReservationBytes, pids } = resources;
  return {
    ...present("NanoCpus", cpus && Math.round(cpus * 1e9)),
    ...present("Memory", memoryBytes),
    ...present("MemoryReservation", memoryReservationBytes),
    ...present("PidsLimit", pids),
    ...present("ShmSize", shmBytes),
    ...present("Ulimits", some([...ulimits].map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard })))),
  };
}

function networkMode(project: ComposeProject, service: ServiceSpec): string {
  if (service.networkMode !== undefined) return sharedMode(project, service.networkMode);
  return endpointsOf(project, service)[0]?.network ?? "none";
}

/** A container is named, not identified: engines look it up at every start, and so find its successor. */
function sharedMode(project: ComposeProject, mode: string): string {
  const shared = mode.startsWith("service:") ? project.services.get(mode.slice(8)) : undefined;
  return shared ? `container:${containerName(project.name, shared, 1)}` : mode;
}

/** Only a bind in the short form makes what is missing on the host, or labels it. */
function mountsOf({ project, service, inherited = new Map() }: ContainerFacts) {
  const binds: string[] = [];
  const mounts: Docker.MountSettings[] = [];
  for (const mount of service.mounts) {
    if (mount.kind === "bind" && (mount.createHostPath || mount.relabel)) binds.push(shortBind(mount));
    else mounts.push(longMount(project, mount, inherited));
  }
  const taken = new Set([...service.mounts, ...service.tmpfs].map(({ target }) => target));
  for (const [target, volume] of inherited) {
    if (!taken.has(target)) mounts.push({ Type: "volume", Source: volume, Target: target });
  }
  return { binds, mounts };
}

function shortBind(mount: Extract<MountSpec, { kind: "bind" }>): string {
  const { source, target, readOnly, propagation, relabel } = mount;
  const options = [readOnly ? "ro" : "rw", ...(propagation ? [propagation] : []), ...(relabel ? [relabel] : [])];
  return `${source}:${target}:${options.join(",")}`;
}

const propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;

function longMount(
  project: ComposeProject,
  mount: MountSpec,
  inherited: ReadonlyMap<string, string>,
): Docker.MountSettings {
  switch (mount.kind) {
    case "bind": {
      const Propagation = propagations.find((one) => one === mount.propagation);
      return {
        ...{ Type: "bind", Source: mount.source, Target: mount.target },
        ...present("ReadOnly", mount.readOnly || undefined),
        ...(Propagation && { BindOptions: { Propagation } }),
      };
    }
    case "volume": {
      const name = mount.source === undefined ? inherited.get(mount.target) : volumeName(project, mount.source);
      return {
        ...{ Type: "volume", Source: name ?? "", Target: mount.target },
        ...present("ReadOnly", mount.readOnly || undefined),
        ...(mount.noCopy && { VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: "", Options: {} } } }),
      };
    }
    case "tmpfs":
      return {
        ...{ Type: "tmpfs", Source: "", Target: mount.target },
        TmpfsOptions: { SizeBytes: mount.bytes ?? 0, Mode: mount.mode ?? 0 }, // 0: the engine's own
      };
  }
}

function volumeName(project: ComposeProject, key: string): string {
  return project.volumes.get(key)?.name ?? key;
}

function deviceOf({ source, target, permissions }: ServiceSpec["devices"][number]) {
  return { PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions };
}

function exposedPorts(ports: readonly PortSpec[]) {
  return record(ports.map(({ target, protocol }) => [`${target}/${protocol}`, {}]));
}

function portBindings(ports: readonly PortSpec[]) {
  const bindings = Map.groupBy(ports, ({ target, protocol }) => `${target}/${protocol}`);
  return record(
    [...bindings].map(([port, bound]) => [
      port,
      bound.map(({ hostIp, published }) => ({ HostIp: hostIp ?? "", HostPort: published ? String(published) : "" })),
    ]),
  );
}

function healthcheckOf({ healthcheck }: ServiceSpec): Docker.HealthConfig | undefined {
  if (!healthcheck) return undefined;
  const { test, intervalMs, timeoutMs, startPeriodMs, retries } = healthcheck;
  return {
    Test: [...test],
    ...present("Interval", nanoseconds(intervalMs)),
    ...present("Timeout", nanoseconds(timeoutMs)),
    ...present("StartPeriod", nanoseconds(startPeriodMs)),
    ...present("Retries", retries),
  };
}

function nanoseconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1e6);
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.ceil(milliseconds / 1_000);
}

function some<T>(list: readonly T[]): T[] | undefined {
  return list.length > 0 ? [...list] : undefined;
}

function record<T>(entries: Iterable<readonly [string, T]>): Record<string, T> | undefined {
  const made = Object.fromEntries(entries);
  return Object.keys(made).length > 0 ? made : undefined;
}

function present<Key extends string, T>(key: Key, value: T | undefined): { [K in Key]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: T });
}
