/** `runyard template build`: of a directory, an archive, an image of a Docker engine, and Debian. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { readDirectory } from "../src/platform/trees/read-directory.ts";
import { writeTar } from "../src/platform/trees/tar.ts";
import { findTool } from "../src/sandboxes/namespace/availability.ts";
import { testMisuse } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";
import { adminPassword } from "./support/yard-process.ts";

const ofNamespaces = ["--driver", "namespace"];

describe("what a template is built of", { timeout: 120_000, skip: skipWithoutNamespaces }, () => {
  const line = useCommandYard();
  const { home, done } = line;
  const root = join(home.path, "root");
  const names = async (): Promise<string[]> =>
    (JSON.parse(await done(["template", "ls", "--json"])) as { name: string }[]).map(({ name }) => name);
  /** Of a capsule of it. */
  async function noteIn(template: string): Promise<string> {
    const id = (await done(["capsule", "create", template])).trim();
    const note = await done(["capsule", "exec", id, "--", "cat", "/srv/note"]);
    await done(["capsule", "rm", id]);
    return note;
  }

  before(async () => {
    const args = ["login", "--url", line.yard.url, "--username", "admin", "--password-stdin"];
    await done(args, { stdin: adminPassword });
    for (const name of ["bin", "usr/bin", "srv"]) mkdirSync(join(root, name), { recursive: true });
    copyFileSync("/bin/busybox", join(root, "bin/busybox"));
    for (const name of ["bin/sh", "bin/cat", "usr/bin/env"]) symlinkSync("/bin/busybox", join(root, name));
    writeFileSync(join(root, "srv/note"), "from the directory\n");
  });

  test("a directory, with its links", async () => {
    const said = await done(["template", "build", "own", "--from", root, ...ofNamespaces]);
    assert.match(said, /^own is there: [\d.]+ MiB\.\n$/);
    assert.equal(await noteIn("own"), "from the directory\n");
  });

  test("an archive on standard input", async () => {
    const plain = join(home.path, "plain");
    mkdirSync(plain);
    writeFileSync(join(plain, "note"), "text alone\n");
    const stdin = await text(writeTar(readDirectory(plain, { onSkipped: () => {} })));
    await done(["template", "build", "piped", "--from", "-", ...ofNamespaces], { stdin });
    assert.ok((await names()).includes("piped"));
    await done(["template", "rm", "piped"]);
    assert.ok(!(await names()).includes("piped"));
  });

  test("nothing, when what was named is not there or cannot be read whole", async () => {
    const gone = await home.runyard(["template", "build", "bad", "--from", "./none", ...ofNamespaces]);
    assert.deepEqual([gone.code, gone.stdout], [1, ""]);
    assert.match(gone.stderr, /There is no \.\/none/);
    const loop = join(home.path, "socket");
    mkdirSync(loop);
    const env = { RUNYARD_DOCKER_SOCKET: join(loop, "docker.sock") };
    const noEngine = await home.runyard(["template", "build", "bad", "--from", "python:3.13", ...ofNamespaces], {
      env,
    });
    assert.match(noEngine.stderr, /The Docker engine gives no image: .*Cannot connect to the Docker daemon/);
    assert.ok(!(await names()).includes("bad"));
  });

  test("nothing of a driver that there is not", async () => {
    const other = await home.runyard(["template", "build", "bad", "--from", root, "--driver", "jail"]);
    assert.match(other.stderr, /jail is no driver for capsules here/);
    const host = await home.runyard(["template", "build", "bad", "--from", root, "--driver", "host"]);
    assert.match(host.stderr, /host is no driver for capsules here/);
  });

  describe("Debian", {
    skip: skipUnless(findTool("mmdebstrap") !== undefined, "mmdebstrap", "apt-get install mmdebstrap"),
  }, () => {
    test("that cannot be fetched says why, and what to do", async () => {
      await using mirror = createServer((_request, response) => void response.writeHead(404).end());
      await new Promise<void>((resolve) => mirror.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/debian`;
      const args = ["--debian", "bookworm", "--packages", "git,make", "--mirror", url, ...ofNamespaces];
      const failed = await home.runyard(["template", "build", "bad", ...args]);
      assert.deepEqual([failed.code, failed.stdout], [1, ""]);
      assert.match(failed.stderr, /mmdebstrap cannot make bookworm: E: /);
      assert.match(failed.stderr, /come from http:.*--mirror URL/);
      assert.ok(!(await names()).includes("bad"));
    });

    for (const { what, args } of [
      { what: "suite", args: ["--debian", "--simulate"] },
      { what: "package", args: ["--debian", "bookworm", "--packages", "git,-x"] },
      { what: "mirror", args: ["--debian", "bookworm", "--mirror", "--setup-hook=id"] },
    ]) {
      test(`refuses a ${what} that is an option`, async () => {
        const refused = await home.runyard(["template", "build", "bad", ...args, ...ofNamespaces]);
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, /is none\. It looks like|argument missing/);
      });
    }
  });

  describe("an image of a Docker engine", { skip: skipWithoutDocker() }, () => {
    const engine = useTestEngine();
    const env = () => ({ RUNYARD_DOCKER_SOCKET: engine.docker.socketPath });
    const containers = () =>
      engine.containers.engine.call("list containers", (docker) => docker.listContainers({ all: true }));

    test("is taken, and leaves no container there", async () => {
      const args = ["template", "build", "imaged", "--from", busyboxImage, ...ofNamespaces];
      const built = await home.runyard(args, { env: env() });
      assert.equal(built.code, 0, built.stderr);
      assert.ok((await names()).includes("imaged"));
      assert.deepEqual(await containers(), []);
    });

    test("that it has not is named", async () => {
      const args = ["template", "build", "bad", "--from", "none:none", ...ofNamespaces];
      const missing = await home.runyard(args, { env: env() });
      assert.match(missing.stderr, /no image of that name: docker pull none:none/);
    });

    test("leaves no container when the yard refuses it", async () => {
      const args = ["template", "build", "imaged", "--from", busyboxImage, ...ofNamespaces];
      const taken = await home.runyard(args, { env: env() });
      assert.match(taken.stderr, /There is a template imaged already/);
      assert.deepEqual(await containers(), []);
    });
  });
});

testMisuse(
  { args: ["template", "build"], says: /missing required argument/ },
  { args: ["template", "build", "x", "--from", "a", "--debian", "bookworm"], says: /cannot be used with/ },
);
