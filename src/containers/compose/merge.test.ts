// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose spells its variables so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import type { ServiceSpec } from "./project.ts";
import { loadTexts } from "./testing.ts";

for (const [name, base, over, expected] of [
  ["single values are replaced", "restart: always", "restart: 'no'", { restart: { policy: "no" } }],
  ["commands are replaced", "command: [a, b]", "command: c", { command: ["c"] }],
  [
    "a health check's test is replaced, and its rest is kept",
    "healthcheck: {test: [CMD, a], retries: 3}",
    "healthcheck: {test: [CMD, b]}",
    { healthcheck: { test: ["CMD", "b"], retries: 3 } },
  ],
  [
    "variables become one, whatever their form",
    "environment: [A=1, B=1]",
    "environment: {B: 2, C: 3}",
    {
      environment: new Map([
        ["A", "1"],
        ["B", "2"],
        ["C", "3"],
      ]),
    },
  ],
  [
    "labels become one",
    "labels: {a: 1}",
    "labels: [a=2, b=3]",
    {
      labels: new Map([
        ["a", "2"],
        ["b", "3"],
      ]),
    },
  ],
  ["lists grow, with each text once", "dns: 1.1.1.1", "dns: [1.1.1.1, 8.8.8.8]", { dns: ["1.1.1.1", "8.8.8.8"] }],
  ["capabilities grow", "cap_add: [A]", "cap_add: [B]", { capAdd: ["A", "B"] }],
  [
    "equal ports are one",
    "ports: ['80:80', '443:443']",
    "ports: [{target: 80, published: 80}, '81:80']",
    {
      ports: [
        { target: 80, protocol: "tcp", published: 80 },
        { target: 443, protocol: "tcp", published: 443 },
        { target: 80, protocol: "tcp", published: 81 },
      ],
    },
  ],
  [
    "a mount replaces the one at its target",
    "volumes: ['./a:/x', '/y']",
    "volumes: [{type: tmpfs, target: /x}]",
    {
      mounts: [
        { kind: "tmpfs", target: "/x" },
        { kind: "volume", target: "/y", readOnly: false, noCopy: false },
      ],
    },
  ],
  [
    "networks become one, whatever their form",
    "networks: [default]",
    "networks: {default: {aliases: [z]}}",
    { networks: new Map([["default", { aliases: ["z"] }]]) },
  ],
  [
    "hosts grow, whatever their form",
    "extra_hosts: {a: 1.1.1.1}",
    "extra_hosts: ['b:2.2.2.2']",
    { extraHosts: ["a:1.1.1.1", "b:2.2.2.2"] },
  ],
  [
    "options of the same logging driver become one",
    "logging: {driver: x, options: {a: 1}}",
    "logging: {options: {b: 2}}",
    {
      logging: {
        driver: "x",
        options: new Map([
          ["a", "1"],
          ["b", "2"],
        ]),
      },
    },
  ],
  [
    "another logging driver replaces all",
    "logging: {driver: x, options: {a: 1}}",
    "logging: {driver: y}",
    { logging: { driver: "y", options: new Map() } },
  ],
  [
    "sections become one",
    "deploy: {replicas: 2, resources: {limits: {cpus: 1}}}",
    "deploy: {resources: {limits: {memory: 1k}}}",
    { replicas: 2, resources: { cpus: 1, memoryBytes: 1_024 } },
  ],
  [
    "!reset takes away",
    "ports: ['80:80']\nrestart: always",
    "ports: !reset []\nrestart: !reset null",
    { ports: [], restart: undefined },
  ],
  [
    "!override replaces in place of merging",
    "ports: ['80:80']\nenvironment: {A: 1}",
    "ports: !override ['81:81']\nenvironment: !override {B: 2}",
    { ports: [{ target: 81, protocol: "tcp", published: 81 }], environment: new Map([["B", "2"]]) },
  ],
  [
    "!reset takes away one variable",
    "environment: {A: 1, B: 2}",
    "environment: {A: !reset null}",
    { environment: new Map([["B", "2"]]) },
  ],
  ["nothing changes nothing", "restart: always", "restart:", { restart: { policy: "always" } }],
] as const) {
  test(name, async () => {
    const service = (await merged(base, over)).project.services.get("s")!;
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(service[key as keyof ServiceSpec], value);
  });
}

function merged(base: string, over: string, env = "") {
  const indent = (lines: string) =>
    lines
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n");
  return loadTexts({
    compose: `services:\n  s:\n    image: app\n${indent(base)}\n`,
    overlay: `services:\n  s:\n${indent(over)}\n`,
    env,
  });
}

test("an overlay adds services, networks and volumes", async () => {
  const { project } = await loadTexts({
    compose: "services: {a: {image: x, volumes: ['v:/v']}}\nvolumes: {v: {labels: [a=1]}}",
    overlay: "services: {b: {image: y, depends_on: [a]}}\nvolumes: {v: {labels: {b: 2}}}",
  });
  assert.deepEqual([...project.services.keys()], ["a", "b"]);
  assert.deepEqual(
    project.volumes.get("v")?.labels,
    new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
  );
});

test("the whole as one text is the base itself, or base and overlay with their variables still in them", async () => {
  const compose = "# kept\nservices: {a: {image: '${I}'}}\n";
  assert.equal((await loadTexts({ compose, env: "I=x" })).merged, compose);

  const whole = await merged(
    "environment: ['SECRET=${S}', A=1]",
    "environment: {B: '$$2'}\nvolumes: ['${D}/x:/x']",
    "S=hunter2\nD=/d",
  );
  assert.ok(!whole.merged.includes("hunter2"));
  assert.deepEqual(parse(whole.merged), {
    services: { s: { image: "app", environment: { SECRET: "${S}", A: "1", B: "$$2" }, volumes: ["${D}/x:/x"] } },
  });
  const again = await loadTexts({ compose: whole.merged, env: "S=hunter2\nD=/d" });
  assert.deepEqual(again.project, whole.project);
});
