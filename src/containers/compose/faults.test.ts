// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose spells its variables so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf, type StackTexts } from "./testing.ts";

/** At `services.s`, in lines from 4 on. */
for (const [lines, expected] of [
  ["imagee: x", ["compose.yaml:4:13: services.s.imagee is no key that there is here"]],
  ["build: .", ["compose.yaml:4:12: services.s.build is not supported here"]],
  [
    "links: [a]\nruntime: x",
    [
      "compose.yaml:4:12: services.s.links is not supported here",
      "compose.yaml:5:14: services.s.runtime is not supported here",
    ],
  ],
  [
    "ports: ['80:80', 'x:80']",
    ["compose.yaml:4:22: services.s.ports[1] must be a port, such as 8080:80 or 127.0.0.1:53:53/udp"],
  ],
  [
    "ports: ['70000:80']",
    ["compose.yaml:4:13: services.s.ports[0] must have ports from 1 to 65535, and ranges of at most 1000 upwards"],
  ],
  ["ports: ['1-9:80-81']", ["compose.yaml:4:13: services.s.ports[0] has two ranges of different lengths"]],
  [
    "ports: ['80/icmp']",
    ["compose.yaml:4:13: services.s.ports[0] has the protocol icmp, which is none of tcp, udp, sctp"],
  ],
  [
    "ports: ['nohost:80:80']",
    ["compose.yaml:4:13: services.s.ports[0] has the address nohost, which is no IP address"],
  ],
  ["ports: {a: b}", ["compose.yaml:4:12: services.s.ports must be a list"]],
  ["ports: [{published: 80}]", ["compose.yaml:4:13: services.s.ports[0] needs a target: the container's port"]],
  [
    "volumes: ['~/x:/x']",
    [
      "compose.yaml:4:15: services.s.volumes[0] begins with ~, which is nobody's home directory here: write the whole path",
    ],
  ],
  [
    "volumes: ['a:b']",
    [
      'compose.yaml:4:15: services.s.volumes[0] must have an absolute path in the container, and not "b"',
      'compose.yaml:3:5: services.s names "a", which the file does not declare',
    ],
  ],
  ["volumes: ['/a:/x', '/b:/x']", ["compose.yaml:4:24: services.s.volumes[1] mounts /x a second time"]],
  ["volumes: ['/a:/x:q']", ["compose.yaml:4:15: services.s.volumes[0] has the option q, which is not supported here"]],
  ["volumes: [{target: /x}]", ["compose.yaml:4:15: services.s.volumes[0] needs a type: bind, volume or tmpfs"]],
  [
    "volumes: [{type: npipe, target: /x}]",
    ["compose.yaml:4:22: services.s.volumes[0].type must be one of bind, volume, tmpfs"],
  ],
  ["networks: [other]", ['compose.yaml:3:5: services.s names "other", which the file does not declare']],
  ["network_mode: host\nnetworks: [default]", ["compose.yaml:3:5: services.s has both networks and network_mode"]],
  [
    "network_mode: sideways",
    ["compose.yaml:4:19: services.s.network_mode must be host, none, bridge, service:<name> or container:<name>"],
  ],
  [
    "restart: sometimes",
    ["compose.yaml:4:14: services.s.restart must be no, always, unless-stopped, on-failure or on-failure:3"],
  ],
  ["privileged: perhaps", ["compose.yaml:4:17: services.s.privileged must be true or false"]],
  ["privileged: yes", ["compose.yaml:4:17: services.s.privileged must be true or false"]],
  ["mem_limit: lots", ["compose.yaml:4:16: services.s.mem_limit must be a size, such as 512m"]],
  ["stop_grace_period: 10", ["compose.yaml:4:24: services.s.stop_grace_period must be a duration, such as 1m30s"]],
  [
    "healthcheck: {test: [curl]}",
    ["compose.yaml:4:25: services.s.healthcheck.test must begin with CMD, CMD-SHELL, NONE"],
  ],
  [
    "healthcheck: {retries: -1}",
    ["compose.yaml:4:28: services.s.healthcheck.retries must be a whole number, 0 or more"],
  ],
  ["command: run 'x", ["compose.yaml:4:14: services.s.command has a quote that does not end"]],
  ["command: {a: b}", ["compose.yaml:4:14: services.s.command must be a text"]],
  ["image: {a: b}", ["compose.yaml:4:5: Map keys must be unique."]],
  ["environment: {A: [1]}", ["compose.yaml:4:22: services.s.environment.A must be a text"]],
  ["environment: ['=x']", ["compose.yaml:4:18: services.s.environment has a variable without a name"]],
  [
    "environment: {A: '${B:?say B}'}",
    ["compose.yaml:4:22: services.s.environment.A needs the variable B, which is not set: say B"],
  ],
  ['labels: ["a\\0b"]', ["compose.yaml:4:14: services.s.labels[0] has a NUL character"]],
  [
    "container_name: ../x",
    ["compose.yaml:4:21: services.s.container_name must be a name of letters, digits, _, . and -"],
  ],
  [
    "container_name: one\nscale: 2",
    ["compose.yaml:3:5: services.s has a container_name, which only one container can have, and wants more than one"],
  ],
  ["scale: 101", ["compose.yaml:4:12: services.s.scale must be a whole number from 0 to 100"]],
  [
    "scale: 2\ndeploy: {replicas: 3}",
    [
      "compose.yaml:3:5: services.s says with scale and with deploy.replicas how many there are to be, and not the same",
    ],
  ],
  ["deploy: {mode: global}", ["compose.yaml:4:20: services.s.deploy.mode must be one of replicated"]],
  ["depends_on: [gone]", ["compose.yaml:3:5: services.s needs the service gone, which is not there or has a profile"]],
  ["depends_on: [s]", ["compose.yaml:3:5: services.s waits for itself: s → s"]],
  [
    "configs: [gone]",
    ['compose.yaml:4:15: services.s.configs[0] names "gone", which is not among the configs of the file'],
  ],
  ["env_file: gone.env", ["compose.yaml:4:15: services.s.env_file names a file that is not there"]],
  ["env_file: {path: x, format: raw}", undefined],
  ["extends: gone", ['compose.yaml:4:14: services.s.extends names the service "gone", which is not there']],
  ["extends: s", ["compose.yaml:4:14: services.s.extends leads in a circle, or too far"]],
  [
    "extends: {service: a, file: ../x.yaml}",
    [
      "compose.yaml:4:33: services.s.extends.file is not supported for files elsewhere than in the stack's directory itself",
    ],
  ],
] as const) {
  if (expected === undefined) continue;
  test(`${lines.replaceAll("\n", "; ")} is refused`, async () => {
    const body = lines
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n");
    assert.deepEqual(await faultsOf({ compose: `services:\n  s:\n    image: app\n${body}\n` }), expected);
  });
}

const nested = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(",")}]`);
const texts: readonly (readonly [string, StackTexts, readonly string[]])[] = [
  ["a blank file", { compose: " \n# nothing\n" }, ["compose.yaml:1:1: The file is blank."]],
  [
    "a file that is a list",
    { compose: "- a\n" },
    ["compose.yaml:1:1: must be a mapping", "compose.yaml:1:1: has no services"],
  ],
  ["no services", { compose: "services: {}" }, ["compose.yaml:1:1: has no services"]],
  [
    "an unknown section",
    { compose: "service: {}\nservices: {a: {image: x}}" },
    ["compose.yaml:1:10: service is no key that there is here"],
  ],
  [
    "a service without an image",
    { compose: "services:\n  a:\n    restart: always\n" },
    ["compose.yaml:3:5: services.a has no image: a stack runs images that are made already"],
  ],
  [
    "an image that a variable leaves blank",
    { compose: "services: {a: {image: '$NONE'}}" },
    ["compose.yaml:1:23: services.a.image must be the reference of an image"],
  ],
  [
    "a service name with a slash",
    { compose: "services: {'../a': {image: x}}" },
    ["compose.yaml:1:20: services.../a has a name with other characters than letters, digits, _, . and -"],
  ],
  [
    "YAML that is broken",
    { compose: "services:\n  a:\n   - b\n  c: d\n e: f\n" },
    ["compose.yaml:5:1: All mapping items must start at the same column."],
  ],
  ["a tab", { compose: "services:\n\ta: b\n" }, ["compose.yaml:2:1: Tabs are not allowed as indentation."]],
  [
    "two documents",
    { compose: "services: {a: {image: x}}\n---\nb: c\n" },
    ["compose.yaml:2:1: The file has several documents (---), and only one is read."],
  ],
  [
    "an alias of nothing",
    { compose: "services: *none\n" },
    ["compose.yaml:1:11: services is an alias of nothing", "compose.yaml:1:1: has no services"],
  ],
  [
    "an alias of what it is in",
    { compose: "services: &a {x: *a}\n" },
    ["compose.yaml:1:18: services.x is an alias of what it is in", "compose.yaml:1:1: has no services"],
  ],
  [
    "a billion laughs",
    { compose: `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${nested.join("\n")}\n` },
    ["compose.yaml:1:1: The file says more than 30000 things, with its aliases spelled out."],
  ],
  [
    "ten megabytes",
    { compose: `services: ${"x".repeat(10_000_000)}` },
    ["compose.yaml:1:1: The file is longer than 262144 characters."],
  ],
  [
    "brackets without end",
    { compose: "[".repeat(200_000) },
    ["compose.yaml:1:1: The file is nested deeper than 64 levels."],
  ],
  [
    "dashes without end",
    { compose: "- ".repeat(20_000) },
    ["compose.yaml:1:1: The file is nested deeper than 64 levels."],
  ],
  [
    "indentation without end",
    { compose: Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n") },
    ["compose.yaml:1:1: The file is nested deeper than 64 levels."],
  ],
  [
    "faults of the overlay and of .env",
    { compose: "services: {a: {image: x}}", overlay: "services:\n  a:\n    prots: []\n", env: "A=1\n!" },
    [".env:2:1: The line is no NAME=value.", "compose.prod.yaml:3:12: services.a.prots is no key that there is here"],
  ],
  [
    "a service that two files have",
    { compose: "include: [b.yaml]\nservices: {a: {image: x}}", files: { "b.yaml": "services: {a: {image: y}}" } },
    ["b.yaml:1:15: services.a is in the file that includes this one as well"],
  ],
  [
    "an included file elsewhere",
    { compose: "include: [/etc/passwd]\nservices: {a: {image: x}}" },
    ["compose.yaml:1:11: include[0] is not supported for files elsewhere than in the stack's directory itself"],
  ],
  [
    "services that wait for each other",
    { compose: "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n" },
    ["compose.yaml:2:6: services.a waits for itself: a → b → a"],
  ],
];
for (const [name, stack, expected] of texts) {
  test(`${name} is refused`, async () => assert.deepEqual(await faultsOf(stack), expected));
}

test("all faults are told at once, up to a bound", async () => {
  const lines = Array.from({ length: 80 }, (_, index) => `    wrong${index}: x`).join("\n");
  const faults = await faultsOf({ compose: `services:\n  s:\n    image: app\n${lines}\n` });
  assert.equal(faults.length, 51);
  assert.equal(faults.at(-1), "… and 30 more");
});
