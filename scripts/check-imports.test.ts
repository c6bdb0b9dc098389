import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOf, importsOf, isForTests } from "./check-imports.ts";

const dependencies = new Set(["fastify", "kysely", "pg", "typebox"]);

function faultsOf(file: string, source: string): string[] {
  return importsOf(file, source).flatMap((found) => faultOf(found, dependencies) ?? []);
}

for (const { file, source, allowed } of [
  { file: "apps/apps.ts", source: `import { newId } from "../platform/ids.ts";`, allowed: true },
  { file: "apps/apps.ts", source: `import type { Host } from "../hosts/host.ts";`, allowed: true },
  { file: "apps/apps.ts", source: `import { openLocalHost } from "../hosts/local-host.ts";`, allowed: false },
  { file: "apps/apps.ts", source: `import type { Capsule } from "../capsules/capsule.ts";`, allowed: false },
  { file: "apps/apps.ts", source: `import type { FastifyRequest } from "fastify";`, allowed: false },
  { file: "apps/apps.ts", source: `import {\n  one,\n  two,\n} from "../apis/appmesh/index.ts";`, allowed: false },
  { file: "apps/apps.ts", source: `export * from "../yard.ts";`, allowed: false },
  { file: "apps/apps.ts", source: `const yard = await import("../yard.ts");`, allowed: false },
  { file: "apps/apps.ts", source: `import "../yard.ts";`, allowed: false },
  { file: "platform/ids.ts", source: `import { users } from "../identity/users.ts";`, allowed: false },
  { file: "platform/db/database.ts", source: `import pg from "pg";`, allowed: true },
  { file: "identity/users.ts", source: `import pg from "pg";`, allowed: false },
  { file: "hosts/units.ts", source: `import type { UnitSpec } from "../agent/protocol.ts";`, allowed: true },
  { file: "hosts/units.ts", source: `import { protocolVersion } from "../agent/server.ts";`, allowed: false },
  { file: "hosts/units.ts", source: `import { spawn } from "node:child_process";`, allowed: false },
  { file: "hosts/local-agent.ts", source: `import { spawn } from "node:child_process";`, allowed: true },
  { file: "apis/appmesh/index.ts", source: `import { sendError } from "../yard/errors.ts";`, allowed: false },
  { file: "apis/appmesh/index.ts", source: `import { Type } from "typebox";`, allowed: true },
  { file: "client/http.ts", source: `import { openYard } from "../yard.ts";`, allowed: false },
  { file: "platform/ids.ts", source: `import { x } from "left-pad";`, allowed: false },
  { file: "platform/ids.ts", source: `import { join } from "path";`, allowed: false },
  { file: "attic/old.ts", source: `import { newId } from "../platform/ids.ts";`, allowed: false },
]) {
  test(`${file}: ${source.replaceAll("\n", " ")} is ${allowed ? "allowed" : "refused"}`, () => {
    assert.equal(faultsOf(file, source).length, allowed ? 0 : 1);
  });
}

test("tests and the parts made for them are left out", () => {
  assert.ok(isForTests("apps/apps.test.ts"));
  assert.ok(isForTests("platform/db/testing.ts"));
  assert.ok(isForTests("platform/testing/parts.ts"));
  assert.ok(isForTests("sandboxes/conformance.ts"));
  assert.ok(!isForTests("apps/apps.ts"));
  assert.ok(!isForTests("hosts/contesting.ts"));
});
