/** Dockmesh's stacks: their files, and projects that are taken over, recovered and given up, on a real engine. */
import assert from "node:assert/strict";
import { access, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { parse } from "yaml";
import { skipWithoutDocker } from "./support/docker.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

const compose = `# kept\nservices:\n  app:\n    image: ${busyboxImage}\n    command: sleep 100000\n    network_mode: none\n    stop_grace_period: 0s\n`;

describe("Dockmesh's stacks as files", () => {
  const yard = useDockmeshYard({ "docker-socket": "/nowhere/docker.sock" });
  const directory = (name: string) => join(yard.opened.data, "stacks", name);

  test("a stack is made, listed, read, written and deleted", async () => {
    const body = { name: "web", compose, env: "A=1" };
    const { revision, ...made } = await yard.admin.expect(201, "POST", "/stacks", body);
    assert.deepEqual(made, { ...body, status: "ok" });
    const compose_path = join(directory("web"), "compose.yaml");
    assert.deepEqual(await yard.admin.expect(200, "GET", "/stacks"), [{ name: "web", compose_path, status: "ok" }]);
    assert.equal((await yard.admin.ask("POST", "/stacks", { name: "web", compose })).status, 409);
    const written = await yard.admin.expect(200, "PUT", "/stacks/web", { compose: "a: [", env: "" });
    assert.deepEqual({ ...written, revision: "" }, { name: "web", compose: "a: [", status: "ok", revision: "" });
    assert.equal(
      (await yard.admin.ask("PUT", "/stacks/web", { compose, revision })).status,
      409,
      "it has changed since",
    );
    assert.deepEqual(await yard.admin.expect(200, "GET", "/stacks/web"), written);
    assert.equal((await yard.admin.ask("DELETE", "/stacks/web")).status, 204);
    await assert.rejects(access(directory("web")));
    for (const [method, body] of [["GET"], ["PUT", { compose }], ["DELETE"]] as const) {
      assert.equal((await yard.admin.ask(method, "/stacks/web", body)).status, 404, method);
    }
  });

  test("a broken file is accepted, and its deployment is refused with line and column", async () => {
    await yard.admin.expect(201, "POST", "/stacks", {
      name: "broken",
      compose: "services:\n  a:\n    imagee: x\n    ports: [x]\n",
    });
    const { status, json } = await yard.admin.ask("POST", "/stacks/broken/deploy");
    assert.equal(status, 422);
    assert.match(json.error, /compose\.yaml:3:13: services\.a\.imagee is no key/);
    assert.match(json.error, /compose\.yaml:4:13: services\.a\.ports\[0\] must be a port/);
    await yard.admin.ask("DELETE", "/stacks/broken");
  });

  for (const [name, body, status] of [
    ["an empty file", { name: "ok-name", compose: "" }, 400],
    ["a blank file", { name: "ok-name", compose: " \n" }, 400],
    ["no file", { name: "ok-name" }, 400],
    ["no name", { compose }, 400],
    ["a file of two megabytes", { name: "ok-name", compose: "x".repeat(2 * 1024 ** 2) }, 413],
    ["a body of ten megabytes", { name: "ok-name", compose: "x".repeat(10 * 1024 ** 2) }, 413],
    ["a body that is no object", "[1]", 400],
    ["a body that is no JSON", "{", 400],
  ] as const) {
    test(`${name} is refused`, async () => {
      const reply = await yard.admin.ask("POST", "/stacks", body);
      assert.equal(reply.status, status, reply.text);
      assert.deepEqual(await readdir(join(yard.opened.data, "stacks")), []);
    });
  }

  const badNames = [
    "../x",
    "..",
    "a",
    "UP",
    "a_b",
    "-ab",
    "$(id)",
    "a\nb",
    "x\0y",
    "x".repeat(300),
    "\u202Eabc",
    "api",
  ];
  for (const name of badNames) {
    test(`the name ${JSON.stringify(name.slice(0, 20))} is refused on every route`, async () => {
      const at = `/stacks/${encodeURIComponent(name).replace(/^\.\.$/, "%2e%2e")}`;
      for (const [method, path, body] of [
        ["POST", "/stacks", { name, compose }],
        ["POST", "/stacks/adopt", { name, host_id: "local", compose }],
        ["GET", at],
        ["PUT", at, { compose }],
        ["DELETE", at],
        ["POST", `${at}/recover`],
        ["POST", `${at}/discard`],
        ["GET", `${at}/cleanup-preview`],
        ["GET", `${at}/environments`],
        ["PUT", `${at}/environments/active`, { active: "" }],
      ] as const) {
        const { status, text } = await yard.admin.ask(method, path, body);
        // A client's own URL rules may take `..` out before anybody sees it.
        assert.ok(
          status === 400 || (name === ".." && [404, 405].includes(status)),
          `${method} ${path}: ${status} ${text}`,
        );
      }
      assert.deepEqual(await readdir(join(yard.opened.data, "stacks")), []);
    });
  }

  test("who may only look changes nothing", async () => {
    const viewer = await yard.makeUser("viewer");
    await yard.admin.expect(201, "POST", "/stacks", { name: "seen", compose });
    assert.equal((await viewer.ask("GET", "/stacks/seen")).status, 200);
    for (const [method, path, body] of [
      ["POST", "/stacks", { name: "mine", compose }],
      ["PUT", "/stacks/seen", { compose }],
      ["DELETE", "/stacks/seen"],
      ["POST", "/stacks/seen/recover"],
      ["POST", "/stacks/seen/discard"],
      ["GET", "/stacks/seen/cleanup-preview"],
      ["PUT", "/stacks/seen/environments/active", { active: "x" }],
      ["POST", "/stacks/adopt", { name: "mine", host_id: "", compose }],
      ["POST", "/convert/run-to-compose", { command: "docker run x" }],
    ] as const) {
      assert.equal((await viewer.ask(method, path, body)).status, 403, `${method} ${path}`);
    }
    assert.equal((await yard.ask("GET", "/stacks")).status, 401);
    await yard.admin.ask("DELETE", "/stacks/seen");
  });

  test("an environment is chosen, and its file is listed", async () => {
    await yard.admin.expect(201, "POST", "/stacks", { name: "envs", compose });
    await writeFile(join(directory("envs"), "compose.prod.yaml"), "services: {app: {restart: always}}");
    const before = await yard.admin.expect(200, "GET", "/stacks/envs/environments");
    assert.deepEqual(before, { stack_name: "envs", active: "", available: ["prod"] });
    const set = await yard.admin.expect(200, "PUT", "/stacks/envs/environments/active", { active: "prod" });
    assert.deepEqual(set, { stack_name: "envs", active: "prod" });
    assert.equal((await yard.admin.ask("PUT", "/stacks/envs/environments/active", { active: "../x" })).status, 400);
    await yard.admin.ask("DELETE", "/stacks/envs");
  });

  test("a command line becomes a file", async () => {
    const body = await yard.admin.expect(200, "POST", "/convert/run-to-compose", {
      command: "docker run -p 80:80 --gpus all nginx",
    });
    assert.deepEqual(parse(String(body.yaml)), { services: { nginx: { image: "nginx", ports: ["80:80"] } } });
    assert.deepEqual(body.warnings, ["--gpus is not converted"]);
    assert.equal((await yard.admin.ask("POST", "/convert/run-to-compose", { command: "ls" })).status, 200);
    assert.equal((await yard.admin.ask("POST", "/convert/run-to-compose", { command: "" })).status, 400);
  });

  test("stacks others depend on are deleted only by force", async () => {
    for (const name of ["base", "upper"]) await yard.admin.expect(201, "POST", "/stacks", { name, compose });
    await yard.admin.expect(200, "PUT", "/stacks/upper/dependencies", { depends_on: ["base"] });
    const { status, json } = await yard.admin.ask("DELETE", "/stacks/base");
    assert.equal(status, 409);
    assert.deepEqual([json.dependents, json.force_needed], [["upper"], true]);
    for (const name of ["base?force=true", "upper"])
      assert.equal((await yard.admin.ask("DELETE", `/stacks/${name}`)).status, 204);
  });
});

describe("Dockmesh's stacks and what runs", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const directory = (name: string) => join(yard.opened.data, "stacks", name);

  /** As `docker compose` would have left it. */
  function runForeign(project: string, service: string, options: object = {}): Promise<string> {
    const Labels = {
      "com.docker.compose.project": project,
      "com.docker.compose.service": service,
      "com.docker.compose.container-number": "1",
    };
    return tested.containers.run(`${project}-${service}-1`, ["sleep", "100000"], {
      Labels,
      StopTimeout: 0,
      ...options,
    });
  }

  async function bundleOf(
    ...entries: readonly (readonly [Partial<Header> & { name: string }, string?])[]
  ): Promise<string> {
    const archive = pack();
    for (const [header, content] of entries) archive.entry(header, content ?? "");
    archive.finalize();
    return gzipSync(await buffer(archive)).toString("base64");
  }

  test("a project that runs is found, and taken over with its files while its containers stay", async () => {
    const id = await runForeign("shop", "app");
    await runForeign("shop", "old");
    const [found, ...others] = await yard.admin.expect<readonly Record<string, unknown>[]>(
      200,
      "GET",
      "/stacks/discovered",
    );
    assert.deepEqual(others, []);
    assert.deepEqual(
      [found?.project_name, found?.host_id, found?.host_name, found?.service_count],
      ["shop", "local", "Local", 2],
    );
    assert.deepEqual((found?.services as readonly object[])[0], {
      name: "app",
      container_id: id,
      container_name: "shop-app-1",
      state: "running",
      image: busyboxImage,
    });

    const bundle = await bundleOf(
      [{ name: "conf/", type: "directory" }],
      [{ name: "conf/app.conf", mode: 0o4640 }, "x=1"],
      [{ name: "compose.yaml" }, "not: this"],
      [{ name: "deep/er/file" }, "y"],
    );
    const adopted = await yard.admin.expect(201, "POST", "/stacks/adopt", {
      name: "shop",
      host_id: "local",
      compose,
      env: "A=1",
      bundle,
    });
    assert.deepEqual(adopted, {
      name: "shop",
      host_id: "local",
      bound_containers: 2,
      warnings: ["The service old runs, and the files do not mention it."],
      drift_services: [],
    });
    assert.deepEqual((await readdir(directory("shop"), { recursive: true })).sort(), [
      ".env.age",
      "compose.yaml",
      "conf",
      "conf/app.conf",
      "deep",
      "deep/er",
      "deep/er/file",
    ]);
    assert.equal(await readFile(join(directory("shop"), "conf/app.conf"), "utf8"), "x=1");
    assert.deepEqual(await yard.admin.expect(200, "GET", "/stacks/discovered"), []);
    const status = await yard.admin.expect<readonly Record<string, unknown>[]>(200, "GET", "/stacks/shop/status");
    assert.equal(status.find(({ service }) => service === "app")?.container_id, id);
    assert.equal((await yard.admin.ask("POST", "/stacks/adopt", { name: "shop", host_id: "", compose })).status, 409);
  });

  test("what does not run cannot be taken over, and a file that cannot be read is taken with a warning", async () => {
    assert.equal(
      (await yard.admin.ask("POST", "/stacks/adopt", { name: "nothing", host_id: "local", compose })).status,
      422,
    );
    assert.equal(
      (await yard.admin.ask("POST", "/stacks/adopt", { name: "nothing", host_id: "host_unknown", compose })).status,
      503,
    );
    await runForeign("odd", "app");
    const adopted = await yard.admin.expect(201, "POST", "/stacks/adopt", {
      name: "odd",
      host_id: "local",
      compose: "services: [",
    });
    assert.match(String((adopted.warnings as readonly string[])[0]), /compose\.yaml:1:/);
  });

  test("bundles that lead elsewhere are refused, and leave nothing", async () => {
    await runForeign("target", "app");
    const outside = join(yard.opened.data, "stacks", "evil");
    const bundles: readonly (readonly [string, string, number])[] = [
      ["a parent path", await bundleOf([{ name: "../evil" }, "x"]), 400],
      ["a parent path inside", await bundleOf([{ name: "a/../../evil" }, "x"]), 400],
      ["an absolute path", await bundleOf([{ name: "/tmp/evil" }, "x"]), 400],
      ["a symbolic link", await bundleOf([{ name: "link", type: "symlink", linkname: "/etc" }]), 400],
      ["a hard link", await bundleOf([{ name: "hard", type: "link", linkname: "/etc/passwd" }]), 400],
      ["a device", await bundleOf([{ name: "null", type: "character-device" }]), 400],
      ["a name twice", await bundleOf([{ name: "x" }, "1"], [{ name: "x" }, "2"]), 400],
      ["no base64", "*** no ***", 400],
      ["no archive", Buffer.from("nothing of the kind").toString("base64"), 400],
      ["an archive that is cut off", (await bundleOf([{ name: "x" }, "1".repeat(10_000)])).slice(0, 40), 400],
      ["a bomb", await bundleOf([{ name: "bomb" }, "\0".repeat(101 * 1024 ** 2)]), 413],
      [
        "ten thousand and one files",
        await bundleOf(...Array.from({ length: 10_001 }, (_, index) => [{ name: `f${index}` }, ""] as const)),
        413,
      ],
    ];
    for (const [what, bundle, expected] of bundles) {
      const { status, text } = await yard.admin.ask("POST", "/stacks/adopt", {
        name: "target",
        host_id: "local",
        compose,
        bundle,
      });
      assert.equal(status, expected, `${what}: ${text}`);
    }
    await assert.rejects(access(outside));
    await assert.rejects(access("/tmp/evil"));
    const names = await readdir(join(yard.opened.data, "stacks"));
    assert.deepEqual(
      names.filter((name) => name === "target" || name.startsWith(".")),
      [],
    );
  });

  test("a file that is lost is made again from the containers, and can be deployed", async () => {
    const text = `${compose}    environment: {A: "1", PRICE: "5$$"}\n    labels: {own: "yes"}\n    restart: unless-stopped\n    volumes: ["data:/data"]\nvolumes: {data: }\n`;
    await yard.admin.expect(201, "POST", "/stacks", { name: "lost", compose: text });
    await yard.admin.expect(200, "POST", "/stacks/lost/deploy");
    assert.equal((await yard.admin.ask("POST", "/stacks/lost/recover")).status, 409, "there is nothing to recover");
    await rm(directory("lost"), { recursive: true });
    const listed = await yard.admin.expect<readonly Record<string, unknown>[]>(200, "GET", "/stacks");
    assert.equal(listed.find(({ name }) => name === "lost")?.status, "needs_recovery");
    assert.deepEqual(await yard.admin.expect(200, "GET", "/stacks/lost"), {
      name: "lost",
      compose: "",
      status: "needs_recovery",
    });

    const recovered = await yard.admin.expect(200, "POST", "/stacks/lost/recover");
    const from = recovered.recovered_from as Record<string, unknown>;
    assert.deepEqual([from.host_id, from.container_count], ["local", 1]);
    const { compose: made } = recovered.stack as { readonly compose: string };
    assert.deepEqual(parse(made), {
      services: {
        app: {
          image: busyboxImage,
          command: ["sleep", "100000"],
          environment: ["A=1", "PRICE=5$$"],
          labels: { own: "yes" },
          volumes: ["data:/data"],
          network_mode: "none",
          restart: "unless-stopped",
        },
      },
      volumes: { data: { name: "lost_data" } },
    });
    await yard.admin.expect(200, "POST", "/stacks/lost/deploy");
  });

  test("what runs of a stack and what it leaves is cleared away where that is asked for", async () => {
    const preview = await yard.admin.expect(200, "GET", "/stacks/lost/cleanup-preview");
    assert.deepEqual([preview.volumes, preview.skipped_in_use], [["lost_data"], [busyboxImage]]);
    const removed = await yard.admin.ask("DELETE", "/stacks/lost?stop=true&volumes=1&networks=true");
    assert.equal(removed.status, 200);
    assert.deepEqual(removed.json, {
      cleanup: { networks: [], volumes: ["lost_data"], images: [], errors: [] },
      cleanup_error: "",
    });
    assert.equal((await yard.admin.ask("GET", "/stacks/lost")).status, 404);
  });

  test("a record without a file is given up by discarding it", async () => {
    await yard.admin.expect(201, "POST", "/stacks", { name: "gone", compose });
    await yard.admin.expect(200, "POST", "/stacks/gone/deploy");
    await yard.admin.ask("POST", "/stacks/gone/stop");
    await rm(directory("gone"), { recursive: true });
    assert.equal((await yard.admin.expect<{ status: string }>(200, "GET", "/stacks/gone")).status, "needs_recovery");
    assert.equal((await yard.admin.ask("POST", "/stacks/gone/recover")).status, 404, "nothing runs");
    assert.equal((await yard.admin.ask("POST", "/stacks/gone/discard")).status, 204);
    assert.equal((await yard.admin.ask("GET", "/stacks/gone")).status, 404);
  });

  test("whoever is held to other hosts neither sees nor changes what was deployed here", async () => {
    await yard.admin.expect(201, "POST", "/stacks", { name: "scoped", compose });
    await yard.admin.expect(200, "POST", "/stacks/scoped/deploy");
    const elsewhere: Caller = await yard.makeUser("admin", ["elsewhere"]);
    const listed = await elsewhere.expect<readonly Record<string, unknown>[]>(200, "GET", "/stacks");
    assert.deepEqual(
      listed.filter(({ name }) => name === "scoped"),
      [],
    );
    for (const [method, path, body] of [
      ["GET", "/stacks/scoped"],
      ["PUT", "/stacks/scoped", { compose }],
      ["DELETE", "/stacks/scoped"],
      ["POST", "/stacks/scoped/recover"],
      ["POST", "/stacks/scoped/discard"],
      ["GET", "/stacks/scoped/cleanup-preview"],
      ["PUT", "/stacks/scoped/environments/active", { active: "" }],
      ["GET", "/stacks/discovered"],
      ["POST", "/stacks/adopt", { name: "target", host_id: "local", compose }],
    ] as const) {
      assert.equal((await elsewhere.ask(method, path, body)).status, 403, `${method} ${path}`);
    }
    assert.equal((await yard.admin.ask("DELETE", "/stacks/scoped?stop=true")).status, 200);
  });

  test("a directory that comes from outside is a stack", async () => {
    await mkdir(directory("by-hand"));
    await writeFile(join(directory("by-hand"), "compose.yaml"), compose);
    assert.equal((await yard.admin.expect(200, "GET", "/stacks/by-hand")).compose, compose);
    await yard.admin.expect(200, "POST", "/stacks/by-hand/deploy");
    assert.equal((await yard.admin.ask("DELETE", "/stacks/by-hand?stop=1")).status, 200);
  });
});
