import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../../platform/errors.ts";
import { dockerOptionsOf } from "./docker-options.ts";

test("what is taken of docker run's options", () => {
  assert.deepEqual(dockerOptionsOf(""), {});
  assert.deepEqual(dockerOptionsOf("--rm -d --net=host -u 1000:1000 --hostname web"), {
    ...{ network: "host", user: "1000:1000", hostname: "web" },
  });
  assert.deepEqual(dockerOptionsOf("-p 8080:80 -p127.0.0.1:53:53/udp --publish=80 --add-host a:10.0.0.1 -e 'A=b c'"), {
    ports: { "80/tcp": [{ hostPort: 8080 }, {}], "53/udp": [{ hostIp: "127.0.0.1", hostPort: 53 }] },
    extraHosts: ["a:10.0.0.1"],
    env: { A: "b c" },
  });
});

for (const [text, code] of [
  ["-v /:/host", "precondition"],
  ["--volume=/:/host", "precondition"],
  ["--mount type=bind,source=/,target=/x", "precondition"],
  ["--privileged", "precondition"],
  ["--pid=host", "precondition"],
  ["--cap-add ALL", "precondition"],
  ["--device /dev/sda", "precondition"],
  ["--security-opt seccomp=unconfined", "precondition"],
  ["--network container:other", "precondition"],
  ["-e HOME", "precondition"],
  ["-itd", "precondition"],
  ["-p 0:80", "invalid"],
  ["-p x", "invalid"],
  ["-p", "invalid"],
  ["alpine", "invalid"],
  ["--network 'x", "invalid"],
] as const)
  test(`${text} is refused`, () => {
    assert.throws(
      () => dockerOptionsOf(text),
      (error) => isYardError(error, code) && error.field === "env.APP_DOCKER_OPTS",
    );
  });
