/** Capsules that are virtual machines, through Wrenn's API. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { idFromWire } from "../src/apis/wrenn/ids.ts";
import { until } from "../src/platform/testing/until.ts";
import { emulatorsOf, lendGoldenImage, skipWithoutMachines } from "../src/sandboxes/microvm/testing.ts";
import { useWrennYard } from "./support/wrenn.ts";

const timeoutMs = 60_000;

suite("capsules that are virtual machines", { skip: skipWithoutMachines() }, () => {
  const yard = useWrennYard({ "capsules.driver": "microvm" });
  const machine = { memory_mb: 160 }; // the golden image is one of the smallest
  let id = "";
  const statusOf = async () => String((await yard.ask("GET", `/v1/capsules/${id}`)).json.status);
  const change = async (what: "pause" | "resume") => {
    const { status, text } = await yard.ask("POST", `/v1/capsules/${id}/${what}`);
    assert.equal(status, 200, text);
  };
  const driver = () => join(yard.data, "agent", "microvm");
  const emulators = () => emulatorsOf(driver(), idFromWire("capsule", id));

  before(async () => {
    await lendGoldenImage(driver());
    id = await yard.makeCapsule(machine);
  });

  test("have a kernel of their own, run commands and keep files", async () => {
    const kernel = await yard.run(id, "uname -r");
    assert.equal(emulators().length, 1);
    assert.notEqual(kernel.trim(), readFileSync("/proc/sys/kernel/osrelease", "latin1").trim());
    const form = new FormData();
    form.append("path", "/root/note");
    form.append("file", new Blob(["written from outside\n"]));
    const written = await fetch(new URL(`/v1/capsules/${id}/files/write`, yard.url), {
      method: "POST",
      headers: { "x-api-key": yard.account.key },
      body: form,
    });
    assert.equal(written.status, 204, await written.text());
    assert.equal(await yard.run(id, "cat /root/note; echo inside >>/root/note"), "written from outside\n");
    const read = await yard.ask("POST", `/v1/capsules/${id}/files/read`, { path: "/root/note" });
    assert.equal(read.text, "written from outside\ninside\n");
  });

  test("are paused to files alone, and go on in the middle of what they did", async () => {
    await yard.start(id, ["/bin/sh", "-c", "i=0; while :; do echo $((i=i+1)) >>/tmp/count; sleep 0.1; done"]);
    const lines = async () => (await yard.run(id, "cat /tmp/count")).trim().split("\n").map(Number);
    await until(async () => (await yard.run(id, "ls /tmp")).includes("count"), { timeoutMs });
    await change("pause");
    assert.equal(await statusOf(), "paused");
    assert.deepEqual(emulators(), []);
    const refused = await yard.ask("POST", `/v1/capsules/${id}/exec`, { cmd: "/bin/true" });
    assert.equal(refused.status, 409, refused.text);
    await change("resume");
    const before = await lines();
    const after = await until(
      async () => {
        const now = await lines();
        return now.length > before.length ? now : undefined;
      },
      { timeoutMs },
    );
    assert.deepEqual(
      after,
      after.map((_, i) => i + 1),
    );
  });

  test("whose emulator dies say so, and are started again with their files", async () => {
    await yard.run(id, "sync");
    for (const pid of emulators()) process.kill(pid, "SIGKILL");
    await until(
      async () => {
        await yard.ask("POST", `/v1/capsules/${id}/exec`, { cmd: "/bin/true" }); // whoever uses it finds out
        return (await statusOf()) === "hibernated";
      },
      { timeoutMs },
    );
    const { json } = await yard.ask<{ metadata: Record<string, string> }>("GET", `/v1/capsules/${id}`);
    assert.match(JSON.stringify(json), /emulator of its machine has died.*files were kept/);
    await change("resume");
    assert.match(await yard.run(id, "cat /root/note"), /written from outside/);
  });

  test("are destroyed with all that they had", async () => {
    const { status } = await yard.ask("DELETE", `/v1/capsules/${id}`);
    assert.equal(status, 204);
    assert.deepEqual(emulators(), []);
    assert.equal(await statusOf(), "stopped");
  });
});
