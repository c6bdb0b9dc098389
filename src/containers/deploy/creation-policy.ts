/** What a container may be given by somebody who is not trusted with the host it runs on.
 *
 *  Every member of the engine's create request that may be there is listed, with what it may be; whatever is not listed, engines of later years included,
 *  is refused. So nobody need have thought of a dangerous field for it to be refused: somebody must have thought of a harmless one for it to be allowed. */
import { isIP } from "node:net";
import type Docker from "dockerode";
import { YardError } from "../../platform/errors.ts";
import { reservedPrefixes } from "./labels.ts";

/** What is a project's own, by the engine's names. */
export interface Confines {
  readonly networks: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  readonly containers: ReadonlySet<string>;
}

interface Rule {
  /** As it is called in a Compose file. */
  readonly word: string;
  readonly allows: (value: unknown, confines: Confines) => boolean;
}

const anything = () => true;
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const eachIs = (check: (one: unknown) => boolean) => (value: unknown) => isList(value) && value.every(check);
const isOneOf = (allowed: ReadonlySet<string>) => (value: unknown) => typeof value === "string" && allowed.has(value);

/** What Docker gives every container anyway. */
const usualCapabilities = new Set(
  [
    ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"],
    ...["NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
  ].flatMap((name) => [name, `CAP_${name}`]),
);

/** Of the container's own namespaces and of no weight for the host: what Kubernetes calls safe. */
const safeSysctls = new Set([
  ...["kernel.shm_rmid_forced", "net.core.somaxconn", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies"],
  ...["net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports"],
  ...["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"],
  ...["net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"],
]);

/** Drivers that write to files of the engine's own, and what may be said to them: others send what a container prints to wherever its maker says. */
const logDrivers = new Set(["json-file", "local", "none"]);
const logOptions = new Set(["max-size", "max-file", "compress"]);
const tmpfsOption = /^(ro|rw|exec|noexec|nosuid|nodev|(size|mode|uid|gid|nr_inodes)=[0-9a-z%]+)$/;
const ulimits = new Set(["nofile", "nproc", "core", "stack", "fsize", "cpu"]);

const rules: Readonly<Record<string, Rule>> = {
  Image: { word: "image", allows: anything },
  Cmd: { word: "command", allows: anything },
  Entrypoint: { word: "entrypoint", allows: anything },
  Env: { word: "environment", allows: anything },
  User: { word: "user", allows: anything },
  WorkingDir: { word: "working_dir", allows: anything },
  Hostname: { word: "hostname", allows: anything },
  Domainname: { word: "domainname", allows: anything },
  Tty: { word: "tty", allows: anything },
  OpenStdin: { word: "stdin_open", allows: anything },
  StopSignal: { word: "stop_signal", allows: anything },
  StopTimeout: { word: "stop_grace_period", allows: anything },
  Healthcheck: { word: "healthcheck", allows: anything },
  ExposedPorts: { word: "ports", allows: anything },
  Labels: { word: "labels", allows: isRecord }, // whose a container is, is for us to say: see `reservedLabel`
  "NetworkingConfig.EndpointsConfig": { word: "networks", allows: areOwnEndpoints },
  "HostConfig.NetworkMode": { word: "network_mode", allows: isOwnNetworkMode },
  "HostConfig.PortBindings": { word: "ports", allows: anything },
  "HostConfig.RestartPolicy": { word: "restart", allows: anything },
  "HostConfig.Mounts": { word: "volumes", allows: areOwnMounts },
  "HostConfig.Tmpfs": { word: "tmpfs", allows: areTmpfs },
  "HostConfig.ReadonlyRootfs": { word: "read_only", allows: anything },
  "HostConfig.Init": { word: "init", allows: anything },
  "HostConfig.CapAdd": { word: "cap_add", allows: eachIs(isOneOf(usualCapabilities)) },
  "HostConfig.CapDrop": { word: "cap_drop", allows: anything },
  "HostConfig.ExtraHosts": { word: "extra_hosts", allows: anything },
  "HostConfig.Dns": { word: "dns", allows: eachIs((one) => typeof one === "string" && isIP(one) !== 0) },
  "HostConfig.DnsSearch": { word: "dns_search", allows: anything },
  "HostConfig.GroupAdd": { word: "group_add", allows: anything },
  "HostConfig.Sysctls": { word: "sysctls", allows: hasOnly(safeSysctls) },
  "HostConfig.IpcMode": { word: "ipc", allows: isOneOf(new Set(["private", "none"])) },
  "HostConfig.LogConfig": { word: "logging", allows: isLocalLog },
  "HostConfig.NanoCpus": { word: "cpus", allows: anything },
  "HostConfig.Memory": { word: "mem_limit", allows: anything },
  "HostConfig.MemoryReservation": { word: "mem_reservation", allows: anything },
  "HostConfig.PidsLimit": { word: "pids_limit", allows: anything },
  "HostConfig.ShmSize": { word: "shm_size", allows: anything },
  "HostConfig.Ulimits": { word: "ulimits", allows: areUlimits },
};

/** As those are called in a Compose file that are refused whatever they say. */
const refusedWords: Readonly<Record<string, string>> = {
  "HostConfig.Binds": "volumes",
  "HostConfig.Privileged": "privileged",
  "HostConfig.Devices": "devices",
  "HostConfig.SecurityOpt": "security_opt",
  "HostConfig.PidMode": "pid",
};

/** Members that only hold others. */
const sections = new Set(["HostConfig", "NetworkingConfig"]);

/** @param field where its maker finds it: `services.web`
 *  @throws {YardError} forbidden, naming what is too much */
export function checkContainer(field: string, request: Docker.ContainerCreateOptions, confines: Confines): void {
  const { name: _chosenByUs, ...members } = { name: undefined, ...request };
  for (const [path, value] of membersOf(members)) {
    const rule = Object.hasOwn(rules, path) ? rules[path] : undefined;
    if (rule?.allows(value, confines)) continue;
    throw tooMuch(`${field}.${rule?.word ?? refusedWords[path] ?? path}`);
  }
}

/** What somebody wrote, before ours is put on top. @throws {YardError} forbidden */
export function checkLabels(field: string, labels: Iterable<string>): void {
  for (const name of labels) {
    if (reservedPrefixes.some((prefix) => name.startsWith(prefix))) throw tooMuch(`${field}.labels.${name}`);
  }
}

const networkMembers = new Set(["Name", "Labels", "CheckDuplicate", "Internal", "Attachable"]);
const volumeMembers = new Set(["Name", "Labels"]);

/** A bridge without options: others take addresses, or interfaces, of the host's. @throws {YardError} forbidden */
export function checkNetwork(field: string, { Driver, ...rest }: Docker.NetworkCreateOptions): void {
  if (Driver !== undefined && Driver !== "bridge") throw tooMuch(`${field}.driver`);
  checkMembers(field, rest, networkMembers);
}

/** A directory of the engine's: options of its driver mount any other. @throws {YardError} forbidden */
export function checkVolume(field: string, { Driver, ...rest }: Docker.VolumeCreateOptions): void {
  if (Driver !== undefined && Driver !== "local") throw tooMuch(`${field}.driver`);
  checkMembers(field, rest, volumeMembers);
}

/** @throws {YardError} forbidden */
export function refuseForeign(field: string): never {
  throw tooMuch(field, "belongs to nobody, or to another project");
}

function checkMembers(field: string, request: object, allowed: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(request)) {
    if (value !== undefined && !allowed.has(name)) throw tooMuch(`${field}.${name}`);
  }
}

function membersOf(request: object): readonly (readonly [string, unknown])[] {
  return Object.entries(request).flatMap(([name, value]): readonly (readonly [string, unknown])[] => {
    if (value === undefined) return [];
    if (!sections.has(name) || !isRecord(value)) return [[name, value]];
    return membersOf(value).map(([inner, part]) => [`${name}.${inner}`, part] as const);
  });
}

function tooMuch(field: string, why = "reaches beyond the container"): YardError {
  return new YardError(
    "forbidden",
    `This ${why}. Whoever wrote it lacks the permission containers.host-access: let somebody who holds it deploy the stack, or leave this out.`,
    { field },
  );
}

/** Modes that engines know, whatever networks are called. */
const specialModes = new Set(["host", "bridge", "default"]);

function isOwnNetworkMode(value: unknown, { networks, containers }: Confines): boolean {
  if (typeof value !== "string" || specialModes.has(value)) return false;
  if (value.startsWith("container:")) return containers.has(value.slice("container:".length));
  return value === "none" || networks.has(value);
}

const endpointMembers = new Set(["Aliases", "IPAMConfig"]);

function areOwnEndpoints(value: unknown, { networks }: Confines): boolean {
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([network, endpoint]) => networks.has(network) && isRecord(endpoint) && hasOnly(endpointMembers)(endpoint),
    )
  );
}

const mountMembers = new Set(["Type", "Source", "Target", "ReadOnly", "VolumeOptions", "TmpfsOptions"]);

function areOwnMounts(value: unknown, { volumes }: Confines): boolean {
  return eachIs((mount) => {
    if (!isRecord(mount) || !hasOnly(mountMembers)(mount)) return false;
    const { Type, Source, VolumeOptions } = mount;
    if (Type === "tmpfs") return Source === "";
    if (Type !== "volume" || typeof Source !== "string") return false;
    return (Source === "" || volumes.has(Source)) && isPlainVolume(VolumeOptions);
  })(value);
}

/** One that says no more than whether it begins with what the image has there. */
function isPlainVolume(options: unknown): boolean {
  if (options === undefined) return true;
  if (!isRecord(options) || !hasOnly(new Set(["NoCopy", "Labels", "DriverConfig"]))(options)) return false;
  return JSON.stringify([options.Labels, options.DriverConfig]) === '[{},{"Name":"","Options":{}}]';
}

function areTmpfs(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.values(value).every(
      (options) =>
        typeof options === "string" && options.split(",").every((option) => option === "" || tmpfsOption.test(option)),
    )
  );
}

function isLocalLog(value: unknown): boolean {
  if (!isRecord(value) || !hasOnly(new Set(["Type", "Config"]))(value)) return false;
  return isOneOf(logDrivers)(value.Type) && hasOnly(logOptions)(value.Config);
}

function areUlimits(value: unknown): boolean {
  return eachIs((one) => isRecord(one) && isOneOf(ulimits)(one.Name))(value);
}

function hasOnly(names: ReadonlySet<string>): (value: unknown) => boolean {
  return (value) => isRecord(value) && Object.keys(value).every((name) => names.has(name));
}
