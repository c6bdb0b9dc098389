import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { isYardError } from "../../platform/errors.ts";
import { convertRun } from "./run-to-compose.ts";
import { loadTexts } from "./testing.ts";

for (const [command, service, more = {}] of [
  ["docker run nginx", { nginx: { image: "nginx" } }],
  [
    "docker run -d --rm --name web -p 8080:80 -p 443:443 nginx:1.27",
    { web: { image: "nginx:1.27", container_name: "web", ports: ["8080:80", "443:443"] } },
  ],
  [
    "sudo docker container run -it ghcr.io/a/tool@sha256:abc --flag 'two words'",
    { tool: { image: "ghcr.io/a/tool@sha256:abc", stdin_open: true, tty: true, command: ["--flag", "two words"] } },
  ],
  [
    "run -p80:80 -e A=1 --env B='x y' -eC x",
    { x: { image: "x", ports: ["80:80"], environment: ["A=1", "B=x y", "C"] } },
  ],
  [
    "docker run \\\n  --restart=unless-stopped \\\n  -v data:/d -v ./c:/c:ro -v /anon x",
    { x: { image: "x", restart: "unless-stopped", volumes: ["data:/d", "./c:/c:ro", "/anon"] } },
    { volumes: { data: { name: "data" } } },
  ],
  [
    "docker run --mount type=bind,src=/a,dst=/b,readonly --mount source=v,target=/v x",
    {
      x: {
        image: "x",
        volumes: [
          { type: "bind", source: "/a", target: "/b", read_only: true },
          { type: "volume", source: "v", target: "/v" },
        ],
      },
    },
    { volumes: { v: { name: "v" } } },
  ],
  [
    "docker run --network front --network-alias www x",
    { x: { image: "x", networks: { front: { aliases: ["www"] } } } },
    { networks: { front: { external: true } } },
  ],
  [
    "docker run --net host --privileged --read-only=false --init x",
    { x: { image: "x", network_mode: "host", privileged: true, read_only: false, init: true } },
  ],
  [
    "docker run -m 512m --cpus 1.5 --shm-size 64m --ulimit nofile=1:2 --pids-limit 10 x",
    {
      x: {
        image: "x",
        mem_limit: "512m",
        cpus: 1.5,
        shm_size: "64m",
        ulimits: { nofile: { soft: 1, hard: 2 } },
        pids_limit: 10,
      },
    },
  ],
  [
    "docker run --health-cmd 'curl -f x' --health-retries 3 --log-driver json-file --log-opt max-size=1m x",
    {
      x: {
        image: "x",
        logging: { driver: "json-file", options: { "max-size": "1m" } },
        healthcheck: { test: "curl -f x", retries: 3 },
      },
    },
  ],
  [
    "docker run -u 1000 -w /w -h host --entrypoint /bin/sh --cap-add A --cap-drop B --add-host a:1.1.1.1 --dns 1.1.1.1 --tmpfs /t --device /dev/a x",
    {
      x: {
        image: "x",
        user: "1000",
        working_dir: "/w",
        hostname: "host",
        entrypoint: "/bin/sh",
        cap_add: ["A"],
        cap_drop: ["B"],
        extra_hosts: ["a:1.1.1.1"],
        dns: ["1.1.1.1"],
        tmpfs: ["/t"],
        devices: ["/dev/a"],
      },
    },
  ],
  ["docker run -e 'P=$HOME' x", { x: { image: "x", environment: ["P=$$HOME"] } }],
] as const) {
  test(`${command.replaceAll(/\s+/g, " ")} is converted, and can be loaded`, async () => {
    const { yaml, warnings } = convertRun(command);
    assert.deepEqual(parse(yaml), { services: service, ...more });
    assert.deepEqual(warnings, []);
    await loadTexts({ compose: yaml });
  });
}

test("what there is no word for becomes a warning, and its value is not taken for the image", () => {
  const { yaml, warnings } = convertRun("docker run --gpus all --cpu-shares=512 --frobnicate nginx");
  assert.deepEqual(parse(yaml), { services: { nginx: { image: "nginx" } } });
  assert.deepEqual(warnings, [
    "--gpus is not converted",
    "--cpu-shares is not converted",
    "--frobnicate is not converted",
  ]);
});

for (const command of [
  "",
  "docker run",
  "docker run -p 80:80",
  "docker run 'x",
  "docker ps",
  `docker run ${"x".repeat(70_000)}`,
]) {
  test(`${JSON.stringify(command.slice(0, 30))} is refused`, () => {
    assert.throws(
      () => convertRun(command),
      (error) => isYardError(error) && error.field === "command",
    );
  });
}
