/** Streams and terminals of a yard that is killed: what they were of goes on, and who comes back has missed nothing. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { askWrenn } from "../src/apis/wrenn/testing.ts";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { talkTo, typed } from "./support/wrenn-socket.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

describe("after the yard was killed and started again", { skip: skipWithoutNamespaces, timeout: 180_000 }, () => {
  let yard: RunningYard;
  let token: string;
  let capsule: string;
  before(async () => {
    yard = await startYard();
    const body = { email: "admin", password: adminPassword };
    token = (await askWrenn(yard.url, "POST", "/v1/auth/login", { body })).json.token;
    capsule = (await askWrenn(yard.url, "POST", "/v1/capsules", { token, body: {} })).json.id;
  });
  after(async () => {
    await askWrenn(yard.url, "DELETE", `/v1/capsules/${capsule}`, { token });
    await yard[Symbol.asyncDispose]();
  });
  const talk = (path: string) => talkTo(yard.url, `${capsule}${path}`, { authorization: `Bearer ${token}` });
  const restart = async () => {
    await yard.kill();
    await yard.start();
  };

  test("a stream is taken up again by its pid, with nothing lost", async () => {
    const first = await talk("/exec/stream");
    const script =
      "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i; echo e$i >&2; sleep 0.05; " +
      "[ $i -ne 100 ] || until [ -e /tmp/taken-up ]; do sleep 0.05; done; done; exit 7";
    first.send({ type: "start", cmd: "/bin/sh", args: ["-c", script] });
    const { pid } = await first.frame("start");
    await until(() => first.text("stdout").includes("\n20\n"));
    await restart();
    await first.closed;
    const second = await talk(`/processes/${pid}/stream`);
    assert.deepEqual(await second.frame("start"), { type: "start", pid });
    const body = { cmd: "touch", args: ["/tmp/taken-up"] };
    await askWrenn(yard.url, "POST", `/v1/capsules/${capsule}/exec`, { token, body });
    assert.equal(await second.closed, 1000);
    for (const [type, prefix] of [
      ["stdout", ""],
      ["stderr", "e"],
    ] as const) {
      const [before, after] = [first.text(type), second.text(type)].map((text) => text.trimEnd().split("\n"));
      const all = Array.from({ length: 200 }, (_, i) => `${prefix}${i + 1}`);
      assert.deepEqual([...new Set([...(before ?? []), ...(after ?? [])])], all);
      // What was on its way when the yard was killed comes twice, and nothing before.
      assert.ok((before?.length ?? 0) + (after?.length ?? 0) < all.length + 40);
    }
    assert.deepEqual(second.frames.at(-1), { type: "exit", exit_code: 7 });
  });

  test("a terminal is the same one, also for who types", async () => {
    const first = await talk("/pty");
    first.send({ type: "start", cmd: "/bin/sh", envs: { PS1: "" } });
    const started = await first.frame("started");
    first.send(typed("remembered=42; stty -echo; echo ready\n"));
    await until(() => first.text("output").includes("ready\r\n"));
    await restart();
    const second = await talk("/pty");
    second.send({ type: "connect", tag: started.tag });
    assert.deepEqual(await second.frame("started"), started);
    second.send(typed("echo $remembered; exit 3\n"));
    assert.equal(await second.closed, 1000);
    assert.match(second.text("output"), /42\r\n/);
    assert.deepEqual(second.frames.at(-1), { type: "exit", exit_code: 3 });
  });

  test("a command in the background is found by its tag", async () => {
    const body = { cmd: "sleep", args: ["300"], background: true, tag: "kept" };
    const begun = await askWrenn<{ pid: number }>(yard.url, "POST", `/v1/capsules/${capsule}/exec`, { token, body });
    await restart();
    const { json } = await askWrenn(yard.url, "GET", `/v1/capsules/${capsule}/processes`, { token });
    assert.deepEqual(json, { processes: [{ pid: begun.json.pid, tag: "kept", cmd: "sleep", args: ["300"] }] });
    const killed = await askWrenn(yard.url, "DELETE", `/v1/capsules/${capsule}/processes/kept`, { token });
    assert.equal(killed.status, 204);
  });
});
