/** What somebody who is not trusted with a host may give a container of a stack. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type Docker from "dockerode";
import { isYardError } from "../../platform/errors.ts";
import type { MountSpec, NetworkSpec, ServiceSpec, VolumeSpec } from "../compose/project.ts";
import { createRequest } from "./create-request.ts";
import { checkContainer } from "./creation-policy.ts";
import { confineProject } from "./project-confines.ts";
import { testProject, testService } from "./testing.ts";

const confines = {
  networks: new Set(["shop_default"]),
  volumes: new Set(["shop_data"]),
  containers: new Set(["shop-db-1"]),
};

/** Every member of the engine's create request that its client knows, and some of engines to come. */
const members = [
  ...[
    "Hostname",
    "Domainname",
    "User",
    "ArgsEscaped",
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "Tty",
    "OpenStdin",
  ],
  ...[
    "StdinOnce",
    "Env",
    "Cmd",
    "Entrypoint",
    "Image",
    "Labels",
    "Volumes",
    "WorkingDir",
    "NetworkDisabled",
    "MacAddress",
  ],
  ...["ExposedPorts", "StopSignal", "StopTimeout", "Healthcheck", "OnBuild", "Shell", "platform"],
  "NetworkingConfig.EndpointsConfig",
] as const;
const hostMembers = [
  ...["AutoRemove", "Binds", "ContainerIDFile", "LogConfig", "NetworkMode", "PortBindings", "RestartPolicy"],
  ...["VolumeDriver", "VolumesFrom", "Mounts", "CapAdd", "CapDrop", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts"],
  ...["GroupAdd", "IpcMode", "Cgroup", "Links", "OomScoreAdj", "PidMode", "Privileged", "PublishAllPorts"],
  ...["ReadonlyRootfs", "SecurityOpt", "StorageOpt", "Tmpfs", "UTSMode", "UsernsMode", "ShmSize", "Sysctls", "Runtime"],
  ...["ConsoleSize", "Isolation", "MaskedPaths", "ReadonlyPaths", "CpuShares", "CgroupParent", "BlkioWeight"],
  ...["BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"],
  ...[
    "CpuPeriod",
    "CpuQuota",
    "CpusetCpus",
    "CpusetMems",
    "Devices",
    "DeviceCgroupRules",
    "DeviceRequests",
    "DiskQuota",
  ],
  ...["KernelMemory", "Memory", "MemoryReservation", "MemorySwap", "MemorySwappiness", "NanoCpus", "OomKillDisable"],
  ...["Init", "PidsLimit", "Ulimits", "CpuCount", "CpuPercent", "CpuRealtimePeriod", "CpuRealtimeRuntime"],
  ...[
    "CgroupnsMode",
    "Annotations",
    "IOMaximumIOps",
    "IOMaximumBandwidth",
    "KernelMemoryTCP",
    "CreatedWithALaterEngine",
  ],
].map((name) => `HostConfig.${name}`);

/** What they may be at their most harmless; only these may be there at all. */
const allowed: Readonly<Record<string, unknown>> = {
  ...{ Hostname: "web", Domainname: "example", User: "0", Tty: true, OpenStdin: true, Env: ["A=1"], Cmd: ["true"] },
  ...{ Entrypoint: ["sh"], Image: "tiny:1", Labels: { a: "b" }, WorkingDir: "/", ExposedPorts: { "80/tcp": {} } },
  ...{ StopSignal: "SIGINT", StopTimeout: 3, Healthcheck: { Test: ["NONE"] } },
  "NetworkingConfig.EndpointsConfig": { shop_default: { Aliases: ["web"] } },
  "HostConfig.NetworkMode": "shop_default",
  "HostConfig.PortBindings": { "80/tcp": [{ HostPort: "8080" }] },
  "HostConfig.RestartPolicy": { Name: "always" },
  "HostConfig.Mounts": [{ Type: "volume", Source: "shop_data", Target: "/data" }],
  "HostConfig.Tmpfs": { "/tmp": "size=1m,mode=1777,noexec" },
  "HostConfig.ReadonlyRootfs": true,
  "HostConfig.Init": true,
  "HostConfig.CapAdd": ["NET_RAW"],
  "HostConfig.CapDrop": ["ALL"],
  "HostConfig.ExtraHosts": ["a:10.0.0.1"],
  "HostConfig.Dns": ["1.1.1.1"],
  "HostConfig.DnsSearch": ["example"],
  "HostConfig.GroupAdd": ["7"],
  "HostConfig.Sysctls": { "net.core.somaxconn": "1024" },
  "HostConfig.IpcMode": "private",
  "HostConfig.LogConfig": { Type: "json-file", Config: { "max-size": "1m" } },
  "HostConfig.NanoCpus": 1,
  "HostConfig.Memory": 1,
  "HostConfig.MemoryReservation": 1,
  "HostConfig.PidsLimit": 1,
  "HostConfig.ShmSize": 1,
  "HostConfig.Ulimits": [{ Name: "nofile", Soft: 1, Hard: 1 }],
};

function requestWith(member: string, value: unknown): Docker.ContainerCreateOptions {
  const [section = "", inner] = member.split(".");
  return inner === undefined ? { [section]: value } : { [section]: { [inner]: value } };
}

function isRefused(member: string, value: unknown): boolean {
  try {
    checkContainer("services.web", requestWith(member, value), confines);
    return false;
  } catch (error) {
    assert.ok(isYardError(error, "forbidden") && error.field?.startsWith("services.web."), String(error));
    return true;
  }
}

test("of all that engines take, only what is listed may be there", () => {
  for (const member of [...members, ...hostMembers]) {
    const isListed = Object.hasOwn(allowed, member);
    assert.equal(isRefused(member, allowed[member] ?? "anything"), !isListed, member);
    if (!isListed) for (const value of [false, 0, "", [], {}, null]) assert.ok(isRefused(member, value), member);
  }
  assert.deepEqual(
    Object.keys(allowed).filter((member) => ![...members, ...hostMembers].includes(member as never)),
    [],
  );
});

for (const [member, values] of Object.entries<readonly unknown[]>({
  "NetworkingConfig.EndpointsConfig": [{ other_default: {} }, { shop_default: { DriverOpts: {} } }, "shop_default"],
  "HostConfig.NetworkMode": [
    "host",
    "bridge",
    "default",
    "container:victim",
    "container:shop-db-1x",
    "other_default",
    1,
  ],
  "HostConfig.Mounts": [
    [{ Type: "bind", Source: "/", Target: "/host" }],
    [{ Type: "volume", Source: "other_data", Target: "/data" }],
    [{ Type: "volume", Source: "/", Target: "/data" }],
    [
      {
        Type: "volume",
        Source: "shop_data",
        Target: "/d",
        VolumeOptions: { DriverConfig: { Options: { o: "bind" } } },
      },
    ],
    [{ Type: "volume", Source: "", Target: "/d", BindOptions: { Propagation: "shared" } }],
    [{ Type: "image", Source: "tiny:1", Target: "/d" }],
    [{ Type: "tmpfs", Source: "/", Target: "/d" }],
    { 0: { Type: "bind" } },
  ],
  "HostConfig.Tmpfs": [{ "/tmp": "suid" }, { "/tmp": "dev,size=1m" }, { "/tmp": "size=1m,shared" }],
  "HostConfig.CapAdd": [["SYS_ADMIN"], ["ALL"], ["NET_RAW", "CAP_SYS_PTRACE"], "NET_RAW", ["net_admin"]],
  "HostConfig.Sysctls": [{ "kernel.core_pattern": "|/x" }, { "net.ipv4.ip_forward": "1" }],
  "HostConfig.IpcMode": ["host", "container:victim", "shareable"],
  "HostConfig.Dns": [["example.com"], "1.1.1.1"],
  "HostConfig.LogConfig": [
    { Type: "syslog", Config: { "syslog-address": "tcp://10.0.0.1" } },
    { Type: "json-file", Config: { tag: "x" } },
  ],
  "HostConfig.Ulimits": [[{ Name: "memlock", Soft: -1, Hard: -1 }]],
})) {
  test(`${member} stays inside`, () => {
    for (const value of values) assert.ok(isRefused(member, value), JSON.stringify(value));
  });
}

interface Attempt {
  readonly service?: Partial<ServiceSpec>;
  readonly network?: Partial<NetworkSpec>;
  readonly volume?: Partial<VolumeSpec>;
}

const foreign = new Map([["theirs", { labels: { "com.docker.compose.project": "other" } }]]);
const nobodys = new Map([...["host", "bridge", "none"].map((name) => [name, { labels: {} }] as const), ...foreign]);

/** The field that is refused; undefined: nothing is. */
function refusalOf({ service = {}, network = {}, volume = {} }: Attempt): string | undefined {
  const web = testService("web", service);
  const project = testProject("shop", {
    services: [web, testService("db")],
    networks: { default: network },
    volumes: { data: volume },
  });
  const request = createRequest({ project, service: web, number: 1, configHash: "", directory: "/stacks/shop" });
  try {
    confineProject(project, { containers: [], networks: nobodys, volumes: nobodys }, [{ service: web, request }]);
    return undefined;
  } catch (error) {
    assert.ok(isYardError(error, "forbidden"), String(error));
    return error.field;
  }
}

const bind = (source: string, createHostPath: boolean): readonly MountSpec[] => [
  { kind: "bind", source, target: "/x", readOnly: true, createHostPath },
];

for (const [what, { field, ...attempt }] of Object.entries<Attempt & { readonly field: string | undefined }>({
  "what a stack has of its own": {
    service: {
      mounts: [
        { kind: "volume", source: "data", target: "/data", readOnly: false, noCopy: true },
        { kind: "volume", target: "/cache", readOnly: false, noCopy: false },
        { kind: "tmpfs", target: "/run" },
      ],
      ports: [{ target: 80, published: 8080, protocol: "tcp" }],
    },
    field: undefined,
  },
  "the network of a service beside it": {
    service: { networkMode: "service:db", networks: new Map() },
    field: undefined,
  },
  "the host's root directory": { service: { mounts: bind("/", false) }, field: "services.web.volumes" },
  "the host's root directory, in short": {
    service: { mounts: bind("/", true) },
    field: "services.web.volumes",
  },
  "a file beside its own": {
    service: { mounts: bind("/stacks/shop/x", true) },
    field: "services.web.volumes",
  },
  "all privileges": { service: { privileged: true }, field: "services.web.privileged" },
  "the host's network": { service: { networkMode: "host", networks: new Map() }, field: "services.web.network_mode" },
  "another container's network": {
    service: { networkMode: "container:theirs", networks: new Map() },
    field: "services.web.network_mode",
  },
  "the host's processes": { service: { pid: "host" }, field: "services.web.pid" },
  "the host's memory": { service: { ipc: "host" }, field: "services.web.ipc" },
  "a device": {
    service: { devices: [{ source: "/dev/sda", target: "/dev/sda", permissions: "r" }] },
    field: "services.web.devices",
  },
  "no confinement of its system calls": {
    service: { securityOpt: ["seccomp=unconfined"] },
    field: "services.web.security_opt",
  },
  "another project's name": {
    service: { labels: new Map([["com.docker.compose.project", "other"]]) },
    field: "services.web.labels.com.docker.compose.project",
  },
  "a network that is nobody's": { network: { name: "host" }, field: "networks.default" },
  "a network of another project": { network: { name: "theirs" }, field: "networks.default" },
  "an external network of another project": { network: { name: "theirs", external: true }, field: "networks.default" },
  "an interface of the host's": { network: { driver: "macvlan" }, field: "networks.default.driver" },
  "a bridge of the host's": {
    network: { driverOptions: new Map([["com.docker.network.bridge.name", "br0"]]) },
    field: "networks.default.Options",
  },
  "addresses of its own choice": { network: { subnets: [{ subnet: "10.0.0.0/8" }] }, field: "networks.default.IPAM" },
  "a volume of another project": { volume: { name: "theirs" }, field: "volumes.data" },
  "an external volume that there is not": { volume: { name: "missing", external: true }, field: "volumes.data" },
  "a volume that is a directory of the host's": {
    volume: { driverOptions: new Map(Object.entries({ type: "none", o: "bind", device: "/" })) },
    field: "volumes.data.DriverOpts",
  },
  "a volume from elsewhere": { volume: { driver: "nfs" }, field: "volumes.data.driver" },
})) {
  test(`${field === undefined ? "an untrusted stack may have" : "no untrusted stack may have"} ${what}`, () => {
    assert.equal(refusalOf(attempt), field);
  });
}
