import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { ExampleParts } from "./examples.ts";
import { defineExamples } from "./examples.ts";
import { YardError } from "./platform/errors.ts";

type Put = ExampleParts["apps"]["put"];

const owner = { userId: "usr_1", username: "admin", isAdmin: true, teams: new Set<string>() };

async function define(hasPython: boolean, refused?: string) {
  const put: { name: string; enabled: boolean; definition: Parameters<Put>[2] }[] = [];
  const warnings: string[] = [];
  const apps = {
    put: (async (_actor, name, definition, { enabled }) => {
      if (name === refused) throw new YardError("storage_full", "the disk is full");
      put.push({ name, enabled, definition });
    }) as (...given: Parameters<Put>) => Promise<never>,
  };
  const log = { info() {}, warn: (_facts: object, message: string) => void warnings.push(message) };
  await defineExamples({ apps, owner, hasPython, log });
  return { put, warnings };
}

const enabledOf = ({ put }: Awaited<ReturnType<typeof define>>) =>
  put.filter(({ enabled }) => enabled).map(({ name }) => name);

test("one of the two workers runs: the Python one where there is Python", async () => {
  assert.deepEqual(enabledOf(await define(true)), ["pytask"]);
  assert.deepEqual(enabledOf(await define(false)), ["nodetask"]);
});

test("the examples are defined with programs that are there", async () => {
  const { put } = await define(true);
  assert.deepEqual(
    put.map(({ name }) => name),
    ["ping", "pyexec", "pytask", "nodetask"],
  );
  for (const { name, definition } of put) {
    if (name === "ping") assert.equal(definition.command, "ping github.com");
    else assert.ok(existsSync(definition.argv[1]!), definition.argv[1]);
  }
});

test("an example that cannot be defined is logged, and keeps nobody from the others", async () => {
  const { put, warnings } = await define(true, "ping");
  assert.equal(put.length, 3);
  assert.deepEqual(warnings, ["the example app ping is not defined"]);
});
