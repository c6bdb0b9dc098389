/** Capsules that are containers of a Docker engine, through Wrenn's API. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { idFromWire } from "../src/apis/wrenn/ids.ts";
import { openEngine } from "../src/platform/docker/engine.ts";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker, startDocker, type TestDocker } from "./support/docker.ts";
import { useWrennYard } from "./support/wrenn.ts";
import { talkTo, typed } from "./support/wrenn-socket.ts";

const skip = skipWithoutDocker();
const docker: TestDocker | undefined = skip ? undefined : await startDocker();
// Capsules are on a network, whose rules a yard can set only where the engine is, too.
const network = docker?.enterNetwork();
after(async () => {
  network?.[Symbol.dispose]();
  await docker?.[Symbol.asyncDispose]();
});

suite("capsules that are containers", { skip }, () => {
  const yard = useWrennYard({ "capsules.driver": "container", "docker-socket": docker?.socketPath ?? "" });
  let id = "";
  const statusOf = async (capsule = id) => String((await yard.ask("GET", `/v1/capsules/${capsule}`)).json.status);
  const change = async (what: "pause" | "resume") => {
    const { status, text } = await yard.ask("POST", `/v1/capsules/${id}/${what}`);
    assert.equal(status, 200, text);
  };
  const containersOf = async () => {
    await using engine = openEngine({ socketPaths: [docker?.socketPath ?? ""] });
    return JSON.stringify(await engine.call("list", (client) => client.listContainers({ all: true })));
  };
  const talk = (path: string) => talkTo(yard.url, `${id}${path}`, { "x-api-key": yard.account.key });

  before(async () => {
    id = await yard.makeCapsule({ memory_mb: 128 });
  });

  test("run commands, and keep files", async () => {
    const form = new FormData();
    form.append("path", "/root/note");
    form.append("file", new Blob(["written from outside\n"]));
    const headers = { "x-api-key": yard.account.key };
    const url = new URL(`/v1/capsules/${id}/files/write`, yard.url);
    const written = await fetch(url, { method: "POST", headers, body: form });
    assert.equal(written.status, 204, await written.text());
    assert.equal(await yard.run(id, "cat /root/note; echo inside >>/root/note"), "written from outside\n");
    const read = await yard.ask("POST", `/v1/capsules/${id}/files/read`, { path: "/root/note" });
    assert.equal(read.text, "written from outside\ninside\n");
    const failed = await yard.ask("POST", `/v1/capsules/${id}/exec`, { cmd: "/bin/sh", args: ["-c", "exit 7"] });
    assert.equal(failed.json.exit_code, 7, failed.text);
  });

  test("have terminals", async () => {
    const terminal = await talk("/pty");
    terminal.send({ type: "start", cmd: "/bin/sh", cols: 80, rows: 24 });
    await terminal.frame("started");
    terminal.send(typed("stty size; exit 5\n"));
    await terminal.frame("exit");
    assert.match(terminal.text("output"), /24 80/);
    assert.equal((await terminal.frame("exit")).exit_code, 5);
  });

  test("are frozen by a pause, and go on with what they did", async () => {
    await yard.start(id, ["/bin/sh", "-c", "i=0; while :; do echo $((i=i+1)) >>/tmp/count; sleep 0.05; done"]);
    const lines = async () => (await yard.run(id, "cat /tmp/count 2>/dev/null || true")).split("\n").length;
    await until(async () => (await lines()) > 2);
    await change("pause");
    assert.equal(await statusOf(), "paused");
    const refused = await yard.ask("POST", `/v1/capsules/${id}/exec`, { cmd: "/bin/true" });
    assert.equal(refused.status, 409, refused.text);
    await change("resume");
    const before = await lines();
    await until(async () => (await lines()) > before);
  });

  test("become templates, which others are made from", async () => {
    const made = await yard.ask("POST", "/v1/snapshots", { sandbox_id: id, name: "kept" });
    assert.equal(made.status, 201, made.text);
    const copy = await yard.makeCapsule({ template: "kept" });
    assert.match(await yard.run(copy, "cat /root/note"), /inside/);
    await yard.run(copy, "echo other >/root/note");
    await change("resume"); // a snapshot has paused it
    assert.match(await yard.run(id, "cat /root/note"), /inside/);
  });

  test("are destroyed with all that they had", async () => {
    const { json } = await yard.ask<{ metadata: Record<string, string> }>("GET", `/v1/capsules/${id}`);
    assert.equal(json.metadata.driver, "container");
    assert.match(await containersOf(), new RegExp(idFromWire("capsule", id)));
    const { status } = await yard.ask("DELETE", `/v1/capsules/${id}`);
    assert.equal(status, 204);
    assert.equal(await statusOf(), "stopped");
    assert.doesNotMatch(await containersOf(), new RegExp(idFromWire("capsule", id)));
  });
});
