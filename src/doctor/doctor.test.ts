import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { checksOf, examine } from "./doctor.ts";

test("findings come in the order of the checks; one that fails or takes too long is a finding, too", async () => {
  const findings = await examine(
    [
      { name: "late", look: () => new Promise(() => {}) },
      { name: "broken", look: () => Promise.reject(new Error("no such thing.")) },
      { name: "many", look: async () => [{ name: "first", state: "ok", what: "A." }] },
      { name: "one", look: async () => ({ name: "one", state: "missing", what: "B.", fix: "C." }) },
    ],
    { timeoutMs: 20 },
  );
  assert.deepEqual(findings, [
    { name: "late", state: "warning", what: "It could not be found out within 0.02 s." },
    { name: "broken", state: "warning", what: "It could not be found out: no such thing." },
    { name: "first", state: "ok", what: "A." },
    { name: "one", state: "missing", what: "B.", fix: "C." },
  ]);
});

test("this machine is looked at without a yard, and nothing of it is changed", async () => {
  using directory = temporaryDirectory();
  const findings = await examine(
    checksOf({
      dataDirectory: join(directory.path, "not", "there"),
      listen: [{ secure: false, host: "127.0.0.1", port: 7700 }],
      database: { dialect: "sqlite", path: join(directory.path, "not", "there", "runyard.db") },
      dockerSockets: [join(directory.path, "docker.sock")],
    }),
    { timeoutMs: 30_000 },
  );
  const states = new Map(findings.map(({ name, state }) => [name, state]));
  assert.equal(states.get("docker"), "missing");
  assert.equal(states.get("database"), "ok");
  assert.equal(states.get("listener http://127.0.0.1:7700"), "ok");
  for (const name of [
    "sandbox: namespace",
    "control groups",
    "overlayfs",
    "kvm",
    "qemu",
    "disk",
    "clock",
    "open files",
  ])
    assert.ok(states.has(name), name);
  for (const { name, state, fix } of findings)
    if (state === "missing" && name !== "sandbox: namespace") assert.ok(fix, `${name} says what to do`);
});
