/** Projects for tests, without a file: what is not said is as the Compose specification has it. */
import type { ComposeProject, NetworkSpec, ServiceSpec, VolumeSpec } from "../compose/project.ts";

export function testService(name: string, said: Partial<ServiceSpec> = {}): ServiceSpec {
  const isAlone = said.networkMode !== undefined;
  return {
    name,
    image: "tiny:1",
    environment: new Map(),
    ports: [],
    mounts: [],
    networks: isAlone ? new Map() : new Map([["default", { aliases: [] }]]),
    labels: new Map(),
    privileged: false,
    readOnly: false,
    tty: false,
    stdinOpen: false,
    capAdd: [],
    capDrop: [],
    securityOpt: [],
    devices: [],
    tmpfs: [],
    extraHosts: [],
    dns: [],
    dnsSearch: [],
    groupAdd: [],
    sysctls: new Map(),
    ulimits: new Map(),
    stopGraceMs: 0,
    pullPolicy: "missing",
    resources: {},
    dependsOn: new Map(),
    replicas: 1,
    update: {},
    ...said,
  };
}

export interface TestProject {
  readonly services: readonly ServiceSpec[];
  readonly networks?: Readonly<Record<string, Partial<NetworkSpec>>>;
  readonly volumes?: Readonly<Record<string, Partial<VolumeSpec>>>;
}

export function testProject(name: string, { services, networks = {}, volumes = {} }: TestProject): ComposeProject {
  return {
    name,
    services: new Map(services.map((service) => [service.name, service])),
    networks: new Map(
      Object.entries({ default: {}, ...networks }).map(([key, said]) => [key, testNetwork(`${name}_${key}`, said)]),
    ),
    volumes: new Map(Object.entries(volumes).map(([key, said]) => [key, testVolume(`${name}_${key}`, said)])),
  };
}

/** Waits for these to have started. */
export function after(...names: string[]): ServiceSpec["dependsOn"] {
  return new Map(names.map((name) => [name, { condition: "service_started", required: true }]));
}

function testNetwork(name: string, said: Partial<NetworkSpec>): NetworkSpec {
  return {
    ...{ name, external: false, driverOptions: new Map(), internal: false, attachable: false, ipv6: false },
    ...{ subnets: [], labels: new Map() },
    ...said,
  };
}

function testVolume(name: string, said: Partial<VolumeSpec>): VolumeSpec {
  return { name, external: false, driverOptions: new Map(), labels: new Map(), ...said };
}
