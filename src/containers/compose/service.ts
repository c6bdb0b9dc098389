/** One service of a Compose file, spelled out. */
import { split } from "shlex";
import { readDeploySection } from "./deploy-section.ts";
import { readFileMounts, type SharedFiles } from "./file-mounts.ts";
import { readHealthcheck } from "./healthcheck.ts";
import type { Lookup } from "./interpolation.ts";
import { readMounts } from "./mounts.ts";
import { readPorts } from "./ports.ts";
import type { MountSpec, ServiceSpec } from "./project.ts";
import { type Fields, present, type Reader } from "./reader.ts";
import { readDependencies } from "./service-dependencies.ts";
import { serviceKeys } from "./service-keys.ts";
import { readNetworkMode, readServiceNetworks } from "./service-networks.ts";
import { readDevices, readExtraHosts, readLogging, readUlimits } from "./service-parts.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

export interface ServiceContext {
  readonly read: Reader;
  /** Variables that stand for themselves: `environment: [NAME]`. */
  readonly lookup: Lookup;
  /** Those of its env_files. */
  readonly fileVariables: ReadonlyMap<string, string>;
  readonly files: SharedFiles;
}

type ServiceFields = Fields<(typeof serviceKeys.reads)[number]>;

/** Undefined: it cannot be read, and the reader's faults say why. */
export function readService(name: string, node: SourceNode, context: ServiceContext): ServiceSpec | undefined {
  const { read } = context;
  const found: ServiceFields = read.fields(node, serviceKeys);
  const image = read.matching(found.image, /^[^\s]{1,512}$/, "the reference of an image");
  if (found.image === undefined || image === "")
    read.complain(node.place, "has no image: a stack runs images that are made already");
  const deploy = readDeploySection(node, found, read);
  const networkMode = readNetworkMode(found.network_mode, read);
  if (networkMode !== undefined && !isNothing(found.networks))
    read.complain(node.place, "has both networks and network_mode");
  const spec: ServiceSpec = {
    name,
    image: image ?? "",
    ...present({ command: readWords(found.command, read), entrypoint: readWords(found.entrypoint, read) }),
    environment: readEnvironment(found.environment, context),
    ports: readPorts(found.ports, read),
    mounts: readAllMounts(found, context),
    networks: networkMode === undefined ? readServiceNetworks(found.networks, read) : new Map(),
    ...present({ networkMode }),
    labels: read.labels(found.labels),
    ...readNames(found, read),
    ...readPrivileges(found, read),
    ...readSurroundings(found, read),
    ...present({ healthcheck: readHealthcheck(found.healthcheck, read) }),
    dependsOn: readDependencies(found, read),
    ...deploy,
  };
  if (spec.containerName !== undefined && spec.replicas > 1) {
    read.complain(node.place, "has a container_name, which only one container can have, and wants more than one");
  }
  return image ? spec : undefined;
}

/** A line as a shell would take it apart, or a list. */
function readWords(node: SourceNode | undefined, read: Reader): readonly string[] | undefined {
  if (isNothing(node)) return undefined;
  if (node.kind === "list") return read.texts(node);
  try {
    return split(read.text(node) ?? "");
  } catch {
    return read.complain(node.place, "has a quote that does not end");
  }
}

function readEnvironment(node: SourceNode | undefined, { read, lookup, fileVariables }: ServiceContext) {
  const environment = new Map(fileVariables);
  for (const [name, value] of read.pairs(node)) {
    const content = value ?? lookup(name);
    if (name === "") read.complain(node!.place, "has a variable without a name");
    else if (content === undefined) environment.delete(name);
    else environment.set(name, content);
  }
  return environment;
}

function readAllMounts(found: ServiceFields, { read, files }: ServiceContext): readonly MountSpec[] {
  const own = readMounts(found.volumes, read);
  const shared = [
    ...readFileMounts("configs", found.configs, files, read),
    ...readFileMounts("secrets", found.secrets, files, read),
  ];
  return [...own, ...shared];
}

function readNames(found: ServiceFields, read: Reader) {
  return present({
    containerName: read.matching(
      found.container_name,
      /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/,
      "a name of letters, digits, _, . and -",
    ),
    user: read.text(found.user),
    workingDir: read.text(found.working_dir),
    hostname: read.text(found.hostname),
    domainname: read.text(found.domainname),
  });
}

function readPrivileges(found: ServiceFields, read: Reader) {
  return {
    privileged: read.flag(found.privileged) ?? false,
    readOnly: read.flag(found.read_only) ?? false,
    capAdd: read.texts(found.cap_add) ?? [],
    capDrop: read.texts(found.cap_drop) ?? [],
    securityOpt: read.texts(found.security_opt) ?? [],
    devices: readDevices(found.devices, read),
    groupAdd: read.texts(found.group_add) ?? [],
    sysctls: read.labels(found.sysctls),
    ulimits: readUlimits(found.ulimits, read),
    ...present({ pid: read.text(found.pid), ipc: read.text(found.ipc) }),
  };
}

function readSurroundings(found: ServiceFields, read: Reader) {
  const pullPolicy = read.choice(found.pull_policy, ["always", "missing", "if_not_present", "never"]) ?? "missing";
  return {
    tty: read.flag(found.tty) ?? false,
    stdinOpen: read.flag(found.stdin_open) ?? false,
    tmpfs: (read.texts(found.tmpfs) ?? []).map(splitTmpfs),
    extraHosts: readExtraHosts(found.extra_hosts, read),
    dns: read.texts(found.dns) ?? [],
    dnsSearch: read.texts(found.dns_search) ?? [],
    pullPolicy: pullPolicy === "if_not_present" ? "missing" : pullPolicy,
    ...present({
      init: read.flag(found.init),
      shmBytes: read.bytes(found.shm_size),
      stopSignal: read.text(found.stop_signal),
      stopGraceMs: read.duration(found.stop_grace_period),
      logging: readLogging(found.logging, read),
    }),
  } as const;
}

function splitTmpfs(text: string) {
  const colon = text.indexOf(":");
  return colon === -1 ? { target: text } : { target: text.slice(0, colon), options: text.slice(colon + 1) };
}
