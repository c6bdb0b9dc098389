// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose spells its variables so.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "./project.ts";
import { loadTexts, type StackTexts } from "./testing.ts";

/** What a service `s` with these lines is, in the parts that `expected` names. */
async function serviceOf(
  lines: string,
  more: Omit<StackTexts, "compose"> & { readonly below?: string } = {},
): Promise<ServiceSpec> {
  const body = lines
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  const { project } = await loadTexts({
    ...more,
    compose: `services:\n  s:\n    image: app\n${body}\n${more.below ?? ""}`,
  });
  return project.services.get("s")!;
}

const port = (target: number, published?: number, more = {}) => ({
  target,
  protocol: "tcp",
  ...(published && { published }),
  ...more,
});

for (const [lines, expected] of [
  ["command: run --name 'a b' \"c d\"", { command: ["run", "--name", "a b", "c d"] }],
  ["command: [run, 1, true]", { command: ["run", "1", "true"] }],
  ["command: []", { command: [] }],
  ["command: ''", { command: [] }],
  ["command:", { command: undefined }],
  ["entrypoint: /bin/sh -c", { entrypoint: ["/bin/sh", "-c"] }],
  [
    "environment: {A: 1, B: true, C: x, D: 1.5, E: ''}",
    {
      environment: new Map([
        ["A", "1"],
        ["B", "true"],
        ["C", "x"],
        ["D", "1.5"],
        ["E", ""],
      ]),
    },
  ],
  [
    "environment: [A=1, B=x=y, C=]",
    {
      environment: new Map([
        ["A", "1"],
        ["B", "x=y"],
        ["C", ""],
      ]),
    },
  ],
  [
    "environment: {A: 007, B: 12345678901234567890}",
    {
      environment: new Map([
        ["A", "007"],
        ["B", "12345678901234567890"],
      ]),
    },
  ],
  ["ports: ['80']", { ports: [port(80)] }],
  ["ports: [80]", { ports: [port(80)] }],
  ["ports: ['8080:80']", { ports: [port(80, 8080)] }],
  [
    "ports: ['127.0.0.1:8080:80/udp']",
    { ports: [{ target: 80, protocol: "udp", published: 8080, hostIp: "127.0.0.1" }] },
  ],
  ["ports: ['127.0.0.1::80']", { ports: [port(80, undefined, { hostIp: "127.0.0.1" })] }],
  ["ports: ['[::1]:8080:80']", { ports: [port(80, 8080, { hostIp: "::1" })] }],
  ["ports: ['3000-3002']", { ports: [port(3000), port(3001), port(3002)] }],
  ["ports: ['9000-9001:80-81']", { ports: [port(80, 9000), port(81, 9001)] }],
  ["ports: [22:22]", { ports: [port(22, 22)] }],
  [
    "ports: [{target: 80, published: '8080', host_ip: 0.0.0.0, protocol: tcp, mode: host, name: web}]",
    { ports: [port(80, 8080, { hostIp: "0.0.0.0" })] },
  ],
  ["volumes: ['/data']", { mounts: [{ kind: "volume", target: "/data", readOnly: false, noCopy: false }] }],
  [
    "volumes: ['./conf:/etc/app:ro']",
    {
      mounts: [{ kind: "bind", source: "/stacks/web/conf", target: "/etc/app", readOnly: true, createHostPath: true }],
    },
  ],
  [
    "volumes: ['../x:/x']",
    { mounts: [{ kind: "bind", source: "/stacks/x", target: "/x", readOnly: false, createHostPath: true }] },
  ],
  [
    "volumes: ['/var/x:/x:rshared,ro']",
    {
      mounts: [
        { kind: "bind", source: "/var/x", target: "/x", readOnly: true, createHostPath: true, propagation: "rshared" },
      ],
    },
  ],
  [
    "volumes: ['/var/x:/x:ro,Z', {type: bind, source: /var/y, target: /y, bind: {selinux: z}}]",
    {
      mounts: [
        { kind: "bind", source: "/var/x", target: "/x", readOnly: true, createHostPath: true, relabel: "Z" },
        { kind: "bind", source: "/var/y", target: "/y", readOnly: false, createHostPath: true, relabel: "z" },
      ],
    },
  ],
  [
    "volumes: [{type: bind, source: ., target: /app, read_only: true, bind: {create_host_path: false, propagation: rslave}}]",
    {
      mounts: [
        {
          kind: "bind",
          source: "/stacks/web",
          target: "/app",
          readOnly: true,
          createHostPath: false,
          propagation: "rslave",
        },
      ],
    },
  ],
  [
    "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 01777}}]",
    { mounts: [{ kind: "tmpfs", target: "/t", bytes: 67_108_864, mode: 0o1777 }] },
  ],
  ["networks:", { networks: new Map([["default", { aliases: [] }]]) }],
  ["network_mode: host", { networkMode: "host", networks: new Map() }],
  ["restart: unless-stopped", { restart: { policy: "unless-stopped" } }],
  ["restart: no", { restart: { policy: "no" } }],
  ["restart: on-failure:3", { restart: { policy: "on-failure", retries: 3 } }],
  [
    "deploy: {restart_policy: {condition: on-failure, max_attempts: 2, delay: 5s}}",
    { restart: { policy: "on-failure", retries: 2 } },
  ],
  ["deploy: {restart_policy: {}}", { restart: { policy: "unless-stopped" } }],
  [
    "labels: [a=b, c]",
    {
      labels: new Map([
        ["a", "b"],
        ["c", ""],
      ]),
    },
  ],
  [
    "labels: {a: b, n: 1, e:}",
    {
      labels: new Map([
        ["a", "b"],
        ["n", "1"],
        ["e", ""],
      ]),
    },
  ],
  [
    "container_name: one\nuser: 1000:1000\nworking_dir: /w\nhostname: h\ndomainname: d",
    { containerName: "one", user: "1000:1000", workingDir: "/w", hostname: "h", domainname: "d" },
  ],
  ["privileged: true\nread_only: 'true'\ninit: yes-it-is", undefined],
  [
    "privileged: true\nread_only: 'true'\ninit: true\ntty: true\nstdin_open: false",
    { privileged: true, readOnly: true, init: true, tty: true, stdinOpen: false },
  ],
  [
    "cap_add: [NET_ADMIN]\ncap_drop: [ALL]\nsecurity_opt: [no-new-privileges]",
    { capAdd: ["NET_ADMIN"], capDrop: ["ALL"], securityOpt: ["no-new-privileges"] },
  ],
  [
    "devices: [/dev/a, '/dev/a:/dev/b:r', {source: /dev/c}]",
    {
      devices: [
        { source: "/dev/a", target: "/dev/a", permissions: "rwm" },
        { source: "/dev/a", target: "/dev/b", permissions: "r" },
        { source: "/dev/c", target: "/dev/c", permissions: "rwm" },
      ],
    },
  ],
  ["tmpfs: /run:size=1m", { tmpfs: [{ target: "/run", options: "size=1m" }] }],
  ["tmpfs: [/a, /b]", { tmpfs: [{ target: "/a" }, { target: "/b" }] }],
  ["extra_hosts: [a:10.0.0.1, 'b=::1']", { extraHosts: ["a:10.0.0.1", "b:::1"] }],
  ["extra_hosts: {a: 10.0.0.1, b: [10.0.0.2, 10.0.0.3]}", { extraHosts: ["a:10.0.0.1", "b:10.0.0.2", "b:10.0.0.3"] }],
  [
    "dns: 1.1.1.1\ndns_search: [a.b]\ngroup_add: [1000, docker]",
    { dns: ["1.1.1.1"], dnsSearch: ["a.b"], groupAdd: ["1000", "docker"] },
  ],
  ["sysctls: [net.core.somaxconn=1024]", { sysctls: new Map([["net.core.somaxconn", "1024"]]) }],
  [
    "ulimits: {nproc: 10, nofile: {soft: 1, hard: 2}}",
    {
      ulimits: new Map([
        ["nproc", { soft: 10, hard: 10 }],
        ["nofile", { soft: 1, hard: 2 }],
      ]),
    },
  ],
  ["pid: host\nipc: shareable\nshm_size: 64m", { pid: "host", ipc: "shareable", shmBytes: 67_108_864 }],
  ["stop_signal: SIGINT\nstop_grace_period: 1m30s", { stopSignal: "SIGINT", stopGraceMs: 90_000 }],
  ["pull_policy: if_not_present", { pullPolicy: "missing" }],
  [
    "logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}",
    {
      logging: {
        driver: "json-file",
        options: new Map([
          ["max-size", "10m"],
          ["max-file", "3"],
        ]),
      },
    },
  ],
  [
    "healthcheck: {test: curl -f x, interval: 1s, timeout: 500ms, start_period: 1m, retries: 3}",
    {
      healthcheck: {
        test: ["CMD-SHELL", "curl -f x"],
        intervalMs: 1_000,
        timeoutMs: 500,
        startPeriodMs: 60_000,
        retries: 3,
      },
    },
  ],
  ["healthcheck: {test: [CMD, curl, -f]}", { healthcheck: { test: ["CMD", "curl", "-f"] } }],
  ["healthcheck: {disable: true}", { healthcheck: { test: ["NONE"] } }],
  ["healthcheck: {interval: 1s}", { healthcheck: { test: [], intervalMs: 1_000 } }],
  ["scale: 3", { replicas: 3 }],
  ["deploy: {replicas: 2}", { replicas: 2 }],
  ["deploy: {mode: replicated, labels: {a: b}, placement: {constraints: [x]}}", { replicas: 1 }],
  [
    "deploy: {resources: {limits: {cpus: '0.5', memory: 50M, pids: 10}, reservations: {memory: 20mb, cpus: 0.1}}}",
    { resources: { cpus: 0.5, memoryBytes: 52_428_800, memoryReservationBytes: 20_971_520, pids: 10 } },
  ],
  [
    "cpus: 1.5\nmem_limit: 1gb\nmem_reservation: 512k\npids_limit: -1",
    { resources: { cpus: 1.5, memoryBytes: 2 ** 30, memoryReservationBytes: 524_288, pids: -1 } },
  ],
  ["mem_limit: 100", { resources: { memoryBytes: 100 } }],
  [
    "deploy: {update_config: {parallelism: 2, delay: 10s, order: start-first, failure_action: rollback}}",
    { update: { parallelism: 2, delayMs: 10_000, order: "start-first", failureAction: "rollback" } },
  ],
  ["x-own: {anything: [goes]}\nexpose: [80]\nattach: false", { replicas: 1 }],
] as const) {
  if (expected === undefined) continue;
  test(`${lines.replaceAll("\n", "; ")} is read`, async () => {
    const service = await serviceOf(lines);
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(service[key as keyof ServiceSpec], value);
  });
}

test("named volumes and networks get the stack's name, external ones keep theirs, and unused ones are left out", async () => {
  const { project } = await loadTexts({
    compose: `
services:
  web:
    image: nginx
    volumes: ["data:/d:nocopy", {type: volume, source: logs, target: /l}, "shared:/s", "older:/o"]
    networks: {front: {aliases: [www], ipv4_address: 10.5.0.9}, back: }
volumes:
  data:
  logs: {name: my-logs, driver: local, driver_opts: {type: tmpfs}, labels: [a=b]}
  shared: {external: true}
  older: {external: {name: ancient}}
  unused:
networks:
  front:
    internal: true
    attachable: true
    enable_ipv6: false
    ipam: {driver: default, config: [{subnet: 10.5.0.0/16, gateway: 10.5.0.1, ip_range: 10.5.1.0/24}]}
  back: {name: backbone, external: true}
  unused: {driver: overlay}
`,
  });
  const none = new Map();
  assert.deepEqual(
    [...project.volumes],
    [
      ["data", { name: "web_data", external: false, driverOptions: none, labels: none }],
      [
        "logs",
        {
          name: "my-logs",
          external: false,
          driver: "local",
          driverOptions: new Map([["type", "tmpfs"]]),
          labels: new Map([["a", "b"]]),
        },
      ],
      ["shared", { name: "shared", external: true, driverOptions: none, labels: none }],
      ["older", { name: "ancient", external: true, driverOptions: none, labels: none }],
    ],
  );
  assert.deepEqual([...project.networks.keys()], ["front", "back"]);
  assert.deepEqual(project.networks.get("front"), {
    ...{
      name: "web_front",
      external: false,
      driverOptions: none,
      internal: true,
      attachable: true,
      ipv6: false,
      labels: none,
    },
    subnets: [{ subnet: "10.5.0.0/16", gateway: "10.5.0.1", range: "10.5.1.0/24" }],
  });
  assert.equal(project.networks.get("back")?.name, "backbone");
  assert.deepEqual(project.services.get("web")?.networks.get("front"), { aliases: ["www"], ipv4: "10.5.0.9" });
});

test("a service that names no network is in the default one, which the file may describe", async () => {
  const plain = await loadTexts({ compose: "services: {a: {image: x}}" });
  assert.equal(plain.project.networks.get("default")?.name, "web_default");
  const own = await loadTexts({
    compose: "services: {a: {image: x}}\nnetworks: {default: {name: corp, external: true}}",
  });
  assert.equal(own.project.networks.get("default")?.name, "corp");
  const host = await loadTexts({ compose: "services: {a: {image: x, network_mode: host}}" });
  assert.equal(host.project.networks.size, 0);
});

test("variables come from the stack, then from the fleet, and never from the yard's own process", async () => {
  const compose = "services: {a: {image: '${IMAGE}:${TAG:-latest}', environment: [OWN, FLEET, NOWHERE, PATH]}}";
  const { project } = await loadTexts({
    compose,
    env: "IMAGE=nginx\nOWN=1\n",
    globalEnv: { IMAGE: "other", FLEET: "2" },
  });
  const service = project.services.get("a");
  assert.equal(service?.image, "nginx:latest");
  assert.deepEqual(
    service?.environment,
    new Map([
      ["OWN", "1"],
      ["FLEET", "2"],
    ]),
  );
});

test("env_files come below the service's own variables, later ones above earlier ones", async () => {
  const service = await serviceOf(
    "env_file: [one.env, {path: two.env, required: false}, {path: none.env, required: false}]\nenvironment: {C: own}",
    {
      files: { "one.env": "A=1\nB=1\nC=1", "two.env": "B=2-$A\nC=2" },
    },
  );
  assert.deepEqual(
    service.environment,
    new Map([
      ["A", "1"],
      ["B", "2-1"],
      ["C", "own"],
    ]),
  );
});

test("the stack's own .env can be an env_file, also where it lies encrypted", async () => {
  assert.deepEqual((await serviceOf("env_file: .env", { env: "A=1" })).environment, new Map([["A", "1"]]));
});

test("anchors, aliases and merge keys are spelled out", async () => {
  const { project } = await loadTexts({
    compose: `
x-base: &base
  image: app
  environment: &env {A: 1, B: 1}
  restart: always
services:
  one: {<<: *base, restart: "no"}
  two:
    <<: [*base]
    environment: {<<: *env, B: 2}
`,
  });
  assert.equal(project.services.get("one")?.restart?.policy, "no");
  assert.equal(project.services.get("two")?.restart?.policy, "always");
  assert.deepEqual(
    project.services.get("two")?.environment,
    new Map([
      ["A", "1"],
      ["B", "2"],
    ]),
  );
});

test("services with a profile are left out", async () => {
  const { project } = await loadTexts({ compose: "services: {a: {image: x}, b: {image: y, profiles: [debug]}}" });
  assert.deepEqual([...project.services.keys()], ["a"]);
});

test("what depends on what is read in both forms, with namespaces that are shared", async () => {
  const { project } = await loadTexts({
    compose: `
services:
  a: {image: x, depends_on: [b]}
  b: {image: x, depends_on: {c: {condition: service_healthy, restart: true}, gone: {condition: service_started, required: false}}}
  c: {image: x, network_mode: "service:d"}
  d: {image: x}
`,
  });
  const dependsOn = (name: string) => [...(project.services.get(name)?.dependsOn ?? [])];
  assert.deepEqual(dependsOn("a"), [["b", { condition: "service_started", required: true }]]);
  assert.deepEqual(dependsOn("b"), [["c", { condition: "service_healthy", required: true }]]);
  assert.deepEqual(dependsOn("c"), [["d", { condition: "service_started", required: true }]]);
});

test("configs and secrets that are files are mounted", async () => {
  const service = await serviceOf(
    "configs: [app, {source: app, target: /etc/other}]\nsecrets: [key, {source: key, target: renamed}]",
    {
      below: "configs: {app: {file: ./app.conf}}\nsecrets: {key: {file: key.txt}}",
    },
  );
  assert.deepEqual(
    service.mounts.map((mount) => mount.kind === "bind" && `${mount.source} ${mount.target} ${mount.readOnly}`),
    [
      "/stacks/web/app.conf /app true",
      "/stacks/web/app.conf /etc/other true",
      "/stacks/web/key.txt /run/secrets/key true",
      "/stacks/web/key.txt /run/secrets/renamed true",
    ],
  );
});

test("a service can extend another one of the file, or of another file of the directory", async () => {
  const { project } = await loadTexts({
    compose: `
services:
  base: {image: x, environment: {A: 1, B: 1}, ports: ["80"]}
  one: {extends: base, environment: [B=2], ports: ["81"]}
  two: {extends: {service: far, file: common.yaml}, command: run}
`,
    files: { "common.yaml": "services: {far: {extends: near, restart: always}, near: {image: 'y:${TAG}'}}" },
    env: "TAG=7",
  });
  assert.deepEqual(
    project.services.get("one")?.environment,
    new Map([
      ["A", "1"],
      ["B", "2"],
    ]),
  );
  assert.equal(project.services.get("one")?.ports.length, 2);
  assert.equal(project.services.get("two")?.image, "y:7");
  assert.equal(project.services.get("two")?.restart?.policy, "always");
});

test("included files belong to the stack, each once", async () => {
  const { project } = await loadTexts({
    compose: "include: [db.yaml, {path: cache.yaml}]\nservices: {a: {image: x, depends_on: [db]}}",
    files: {
      "db.yaml": "include: [cache.yaml]\nservices: {db: {image: pg, volumes: ['d:/d']}}\nvolumes: {d: }",
      "cache.yaml": "include: [db.yaml]\nservices: {cache: {image: redis}}",
    },
  });
  assert.deepEqual([...project.services.keys()].sort(), ["a", "cache", "db"]);
  assert.equal(project.volumes.get("d")?.name, "web_d");
});
