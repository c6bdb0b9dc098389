/** What is made of a template before anybody asks for a machine of it, and when it goes. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import { minimalArchive } from "../container/templates.ts";
import { findBusybox, noBusybox } from "../container/tools.ts";
import { openMicrovmDriver } from "./driver.ts";
import { skipWithoutMachines } from "./testing.ts";

test("a template is booted once, ahead; what it left goes with the last machine of it", {
  skip: skipWithoutMachines(),
}, async () => {
  using directory = temporaryDirectory();
  await using driver = await openMicrovmDriver({ directory: directory.path });
  const templates = driver.templates ?? assert.fail("it has no templates");
  const { path, applets } = (await findBusybox()) ?? assert.fail(noBusybox().message);
  const filesIn = (name: string) => readdirSync(join(directory.path, name)).filter((file) => !file.startsWith("."));
  await assert.rejects(templates.prepare?.("own", {}) ?? Promise.resolve(), { code: "not_found", field: "template" });
  await assert.rejects(templates.prepare?.("minimal", { memoryBytes: 1 }) ?? Promise.resolve(), { code: "invalid" });

  await templates.import("own", minimalArchive(readFileSync(path), applets));
  await templates.prepare?.("own", {});
  const golden = filesIn("golden");
  assert.equal(golden.length, 1);
  await templates.prepare?.("own", {}); // it is there
  const sandbox = await driver.create({ id: "of-own", template: "own" });
  assert.deepEqual(filesIn("golden"), golden, "nothing was booted for it");

  await templates.remove("own");
  assert.ok((await templates.list()).every(({ name }) => name !== "own"));
  await sandbox.pausing?.pause();
  await sandbox.pausing?.resume();
  const echo = await sandbox.exec({ id: "echo", argv: ["echo", "well"] });
  assert.equal(await outputOf(echo), "well\n");
  await sandbox.destroy();
  assert.deepEqual(filesIn("golden"), []);
  await until(() => filesIn("store").length === 0, { what: "the frozen files are gone" });
});
