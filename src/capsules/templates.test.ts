import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { until } from "../platform/testing/until.ts";
import { writeTar } from "../platform/trees/tar.ts";
import type { TreeEntry } from "../platform/trees/tree-entry.ts";
import { openTestCapsules, scope, skipWithoutNamespaces, type TestCapsules } from "./testing.ts";

const other = { ...scope, teamId: "team_b" };

async function run({ capsules }: TestCapsules, id: string, command: string): Promise<string> {
  const { commands } = await capsules.enter(scope.teamId, id);
  const { stdout } = await commands.run({ command: "sh", args: ["-c", command] }, { timeoutMs: 20_000 });
  return stdout.toString();
}

const onHost = async ({ host }: TestCapsules) =>
  (await host.driver("namespace").templates!.list()).map(({ name }) => name).filter((name) => name !== "minimal");

describe("templates", { skip: skipWithoutNamespaces, timeout: 120_000 }, () => {
  test("a capsule that is captured is paused, and others start with its files and its size", async () => {
    await using test = await openTestCapsules();
    const { capsules, told } = test;
    const { id } = await capsules.create(scope, { vcpus: 2, memoryMb: 256 });
    await run(test, id, "echo kept > /root/file");
    const template = await capsules.templates.capture(scope, { capsuleId: id, name: "with-file" });
    assert.deepEqual(
      [template.name, template.kind, template.vcpus, template.memoryMb],
      ["with-file", "snapshot", 2, 256],
    );
    assert.equal((await capsules.get(scope.teamId, id)).status, "paused");
    const copy = await capsules.create(scope, { template: "with-file", vcpus: 1, memoryMb: 64 });
    assert.deepEqual([copy.template, copy.vcpus, copy.memoryMb], ["with-file", 2, 256]);
    assert.equal(await run(test, copy.id, "cat /root/file; echo other > /root/file"), "kept\n");
    await capsules.resume(scope, id);
    assert.equal(await run(test, id, "cat /root/file"), "kept\n");
    const named = await capsules.templates.capture(scope, { capsuleId: id });
    assert.match(named.name, /^template-[0-9a-f]{8}$/);
    const names = (await capsules.templates.list(scope.teamId)).map(({ name }) => name);
    assert.deepEqual(names, [named.name, "with-file", "minimal"]);
    assert.deepEqual(
      (await capsules.templates.list(scope.teamId, { kind: "base" })).map(({ name }) => name),
      ["minimal"],
    );
    assert.deepEqual(await capsules.templates.list(scope.teamId, { kind: "none" }), []);
    assert.deepEqual(told.map(({ event, resource }) => [event, resource.id]).slice(1, 2), [
      ["template.snapshot.created", "with-file"],
    ]);
  });

  test("a template is its team's alone", async () => {
    await using test = await openTestCapsules();
    const { capsules } = test;
    const { id } = await capsules.create(scope, {});
    await capsules.templates.capture(scope, { capsuleId: id, name: "ours" });
    await assert.rejects(capsules.create(other, { template: "ours" }), { code: "not_found", field: "template" });
    await assert.rejects(capsules.templates.remove(other, "ours"), { code: "not_found" });
    await assert.rejects(capsules.templates.capture(other, { capsuleId: id, name: "theirs" }), { code: "not_found" });
    assert.deepEqual(
      (await capsules.templates.list(other.teamId)).map(({ name }) => name),
      ["minimal"],
    );
  });

  test("a name is taken once; replacing drops the old one only when the new one is there", async () => {
    await using test = await openTestCapsules();
    const { capsules } = test;
    const { id } = await capsules.create(scope, {});
    const capture = (name: string, replace = false) =>
      capsules.templates.capture(scope, { capsuleId: id, name, replace });
    await capture("mine");
    const [first] = await onHost(test);
    for (const replace of [true, false])
      await assert.rejects(capture("minimal", replace), {
        code: "conflict",
        field: "name",
        details: { reserved: true },
      });
    await assert.rejects(capture("mine"), { code: "conflict", field: "name", details: { reserved: false } });
    await assert.rejects(capture("../mine"), { code: "invalid", field: "name" });
    await capture("mine", true);
    const left = await onHost(test);
    assert.equal(left.length, 1);
    assert.notEqual(left[0], first);
    await capsules.destroy(scope, id);
    await assert.rejects(capture("mine", true), { code: "conflict", details: { status: "stopped" } });
    assert.deepEqual(await onHost(test), left);
  });

  test("a template that is removed is gone, and what was made of it goes on", async () => {
    await using test = await openTestCapsules();
    const { capsules, told } = test;
    const { id } = await capsules.create(scope, {});
    await run(test, id, "echo kept > /root/file");
    await capsules.templates.capture(scope, { capsuleId: id, name: "mine" });
    const copy = await capsules.create(scope, { template: "mine" });
    await capsules.templates.remove(scope, "mine");
    await assert.rejects(capsules.templates.remove(scope, "mine"), { code: "not_found" });
    await assert.rejects(capsules.templates.remove(scope, "minimal"), { code: "forbidden" });
    await assert.rejects(capsules.create(scope, { template: "mine" }), { code: "not_found" });
    assert.deepEqual(await onHost(test), []);
    assert.equal(await run(test, copy.id, "cat /root/file"), "kept\n");
    assert.equal(told.at(-1)?.event, "template.snapshot.deleted");
  });

  test("an archive becomes a template; everybody's are nobody's to replace or remove", async () => {
    await using test = await openTestCapsules();
    const { capsules } = test;
    async function* entries(): AsyncGenerator<TreeEntry> {
      yield { type: "directory", path: "etc", mode: 0o755 };
    }
    const archive = () => writeTar(entries());
    await capsules.templates.import(scope, { name: "base", archive: archive(), isShared: true });
    await assert.rejects(capsules.templates.import(scope, { name: "base", archive: archive() }), {
      code: "conflict",
      details: { reserved: true },
    });
    await assert.rejects(
      capsules.templates.import(scope, { name: "broken", archive: Readable.from([Buffer.alloc(700, "x")]) }),
      { code: "invalid" },
    );
    const [listed] = await capsules.templates.list(other.teamId);
    assert.deepEqual([listed?.name, listed?.isShared, listed?.kind], ["base", true, "base"]);
    await assert.rejects(capsules.templates.remove(scope, "base"), { code: "forbidden" });
    await capsules.templates.remove(scope, "base", { isShared: true });
    assert.deepEqual(await onHost(test), []);
  });

  test("what a crash has left of templates is removed at the next start", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    await test.capsules.templates.capture(scope, { capsuleId: id, name: "mine" });
    const known = await onHost(test);
    const sandbox = await test.host.driver("namespace").reattach({ driver: "namespace", version: 1, id });
    await test.restart(async () => void (await sandbox.capture?.("template_nobodyknows")));
    await until(async () => (await onHost(test)).length === 1);
    assert.deepEqual(await onHost(test), known);
  });
});
