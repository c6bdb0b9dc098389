import assert from "node:assert/strict";
import test from "node:test";
import { permissions } from "../../identity/permissions.ts";
import { permissionFromWire, permissionToWire } from "./permissions.ts";

test("every permission that has a name on the wire is translated there and back", () => {
  for (const permission of permissions) assert.equal(permissionFromWire(permissionToWire(permission)), permission);
});

test("a name of a user's own passes through, and an object's own keys are no permissions", () => {
  assert.equal(permissionFromWire("my-own"), "my-own");
  assert.equal(permissionFromWire("constructor"), "constructor");
});
