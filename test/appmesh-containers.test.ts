/** Applications of App Mesh in containers of images of theirs, on a real engine: through restarts of the server and of its agent. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, appMesh, logIn } from "./support/appmesh.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

type View = Record<string, unknown> & {
  readonly pid?: number;
  readonly container_id?: string;
  readonly return_code?: number;
  readonly last_error?: string;
  readonly starts: number;
};

describe("App Mesh's applications in containers", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  let yard: RunningYard;
  let admin: AppMesh;
  before(async () => {
    yard = await startYard(["--docker-socket", tested.docker.socketPath]);
    admin = await logIn(yard.url, "admin", adminPassword);
  });
  after(() => yard?.[Symbol.asyncDispose]());

  /** The tests' engine has no network but that. */
  const alone = { APP_DOCKER_OPTS: "--network none" };
  const put = (name: string, body: Record<string, unknown>) =>
    admin.expect("PUT", `/app/${name}`, {
      body: { name, docker_image: busyboxImage, ...body, env: { ...alone, ...(body.env as object | undefined) } },
    });
  const view = async (name: string) => (await admin.expect("GET", `/app/${name}`)).json<View>();
  const viewWhere = (name: string, isWanted: (app: View) => unknown) =>
    until(
      async () => {
        const app = await view(name);
        return isWanted(app) ? app : undefined;
      },
      { what: `${name}: ${isWanted}`, timeoutMs: 60_000 },
    );
  const outputOf = async (name: string) => (await admin.expect("GET", `/app/${name}/output`)).text;
  const inspect = (id: string) => tested.containers.engine.call("look", (docker) => docker.getContainer(id).inspect());
  const containers = async () => {
    const all = await tested.containers.engine.call("list", (docker) => docker.listContainers({ all: true }));
    return all.filter(({ Labels }) => Labels["runyard.sandbox"]?.startsWith("run_"));
  };

  test("it has its command, variables, directory, user, input and limits, and its image's file system", async () => {
    await put("whole", {
      command:
        'echo "$GREETING $SECRET"; pwd; id -u; cat; hostname; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || :; ls /; exit 7',
      ...{ shell: true, working_dir: "/tmp", metadata: "input\n", sec_env: { SECRET: "hush" } },
      env: { GREETING: "hello", APP_DOCKER_OPTS: "--network none -u 1000 --hostname boxed" },
      resource_limit: { memory_mb: 64 },
    });
    const app = await viewWhere("whole", ({ return_code: code }) => code !== undefined);
    assert.equal(app.return_code, 7);
    const lines = (await outputOf("whole")).trim().split("\n");
    assert.deepEqual(lines.slice(0, 6), ["hello hush", "/tmp", "1000", "input", "boxed", `${64 * 1024 * 1024}`]);
    assert.ok(lines.includes("bin") && !lines.includes("boot"), String(lines));
    const sent = (await view("whole")) as Record<string, unknown>;
    assert.deepEqual([sent.docker_image, sent.stdout_cache_num], [busyboxImage, undefined]);
    const isOver = async () => (await containers()).every(({ State }) => State !== "running");
    await until(isOver, { what: "nothing runs on when its program has ended" });
    await admin.expect("DELETE", "/app/whole");
    assert.deepEqual(await containers(), []);
  });

  test("it runs on while the server is killed and started again, and its agent too; its output goes on", async () => {
    await put("steady", { command: "i=0; while :; do i=$((i + 1)); echo line $i; sleep 0.2; done", shell: true });
    const before = await viewWhere("steady", ({ pid }) => pid);
    assert.ok((await inspect(before.container_id ?? "")).State.Running);
    await yard.kill();
    await yard.start();
    admin = await logIn(yard.url, "admin", adminPassword);
    const same = await viewWhere("steady", ({ pid }) => pid);
    assert.deepEqual([same.container_id, same.starts], [before.container_id, 1]);

    process.kill(yard.agentPid() ?? 0, "SIGKILL");
    const later = await viewWhere("steady", ({ pid, container_id: id }) => pid && id);
    assert.deepEqual([later.container_id, later.starts], [before.container_id, 1]);
    const last = Number(/line (\d+)\n$/.exec(await outputOf("steady"))?.[1]);
    await until(async () => (await outputOf("steady")).includes(`line ${last + 5}\n`));
    const numbers = [...(await outputOf("steady")).matchAll(/line (\d+)/g)].map(([, n]) => Number(n));
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
      "no line is missing, and none is there twice",
    );

    await admin.expect("POST", "/app/steady/disable");
    const stopped = await viewWhere("steady", ({ pid }) => pid === undefined);
    assert.equal(stopped.return_code, 9);
    await until(async () => (await containers()).every(({ State }) => State !== "running"));
    await admin.expect("POST", "/app/steady/enable");
    const again = await viewWhere("steady", ({ pid }) => pid);
    assert.notEqual(again.container_id, before.container_id);
    await until(async () => (await containers()).length === 1, { what: "the old one is gone" });
    await admin.expect("DELETE", "/app/steady");
    assert.deepEqual(await containers(), []);
  });

  test("what its end asks for is done, each time in a new container", async () => {
    await put("again", {
      command: "echo x >>/seen; cat /seen; exit 3",
      ...{ shell: true, behavior: { exit: "standby", control: { "3": "keepalive" } } },
    });
    await viewWhere("again", ({ starts }) => starts >= 3);
    await until(async () => {
      const { status, text } = await admin.request("GET", "/app/again/output");
      return status === 200 && text === "x\n"; // until the next one begins
    });
    await admin.expect("DELETE", "/app/again");
    await until(async () => (await containers()).length === 0);
  });

  test("without a command it is the image's own", async () => {
    const named = await tested.containers.engine.call("make", async (docker) => {
      const made = await docker.createContainer({ Image: busyboxImage, Cmd: ["true"], name: "base" });
      await made.commit({ repo: "own", tag: "1", changes: 'ENTRYPOINT ["echo","of"]\nCMD ["the image"]\nUSER 7\n' });
      await made.remove();
      return "own:1";
    });
    await put("silent", { docker_image: named });
    await viewWhere("silent", ({ return_code: code }) => code === 0);
    assert.equal(await outputOf("silent"), "of the image\n");
    await put("silent", { docker_image: named, command: "my own" });
    await viewWhere("silent", ({ return_code: code }) => code === 0);
    assert.equal(await outputOf("silent"), "of my own\n");
    await admin.expect("DELETE", "/app/silent");
  });

  test("an image that cannot be had, or a program that is not in it, is told; nothing is left", async () => {
    await put("missing", { docker_image: "127.0.0.1:9/none/there:1", command: "true" });
    assert.match(
      (await viewWhere("missing", ({ last_error: e }) => e)).last_error ?? "",
      /none\/there:1 cannot be had/,
    );
    await put("missing", { command: "no-such-program" });
    assert.match((await viewWhere("missing", ({ last_error: e }) => e)).last_error ?? "", /no such program/);
    await admin.expect("DELETE", "/app/missing");
    assert.deepEqual(await containers(), []);
    for (const path of ["/app/run", "/app/syncrun"]) {
      const reply = await admin.request("POST", path, { body: { command: "true", docker_image: busyboxImage } });
      assert.equal(reply.status, 400, reply.text);
    }
  });

  test("without an engine the reason is told", async () => {
    await using without = await startYard(["--docker-socket", "/nonexistent/docker.sock"]);
    const other = await logIn(without.url, "admin", adminPassword);
    await other.expect("PUT", "/app/lonely", { body: { name: "lonely", docker_image: busyboxImage, command: "true" } });
    const told = await until(async () => (await other.expect("GET", "/app/lonely")).json<View>().last_error);
    assert.match(told, /Docker engine at \/nonexistent\/docker\.sock is not running/);
    assert.equal((await appMesh(() => without.url, undefined).request("GET", "/app/lonely")).status, 401);
  });
});
