import assert from "node:assert/strict";
import { test } from "node:test";
import { permissionsFromWire, roleToWire, shownRole, withRole } from "./role-words.ts";

const role = (name: string, ...permissions: string[]) => ({ name, displayName: name, permissions });
const roles = [
  role("admin", "*"),
  role("capsules", "capsules.view"),
  role("operator", "containers.view"),
  role("root", "*"),
  role("viewer"),
];

for (const { held, shown } of [
  { held: ["operator", "capsules"], shown: "operator" },
  { held: ["capsules"], shown: "capsules" },
  { held: ["gone", "viewer"], shown: "viewer" },
  { held: ["viewer", "root"], shown: "admin" },
  { held: ["gone"], shown: "" },
  { held: [], shown: "" },
])
  test(`who holds ${held.join(" and ") || "nothing"} is shown as "${shown}"`, () =>
    assert.equal(shownRole(held, roles), shown));

for (const { held, given, left } of [
  { held: ["operator", "capsules"], given: "viewer", left: ["capsules", "viewer"] },
  { held: ["operator", "capsules"], given: "operator", left: ["operator", "capsules"] },
  { held: ["operator", "capsules"], given: "capsules", left: ["capsules"] },
  { held: ["admin", "root", "capsules"], given: "viewer", left: ["capsules", "viewer"] },
  { held: [], given: "viewer", left: ["viewer"] },
])
  test(`who holds ${held.join(" and ") || "nothing"} and is given ${given} holds ${left.join(" and ")}`, () =>
    assert.deepEqual(withRole(held, roles, given), left));

test("a permission is shown where all that stands behind it is held", () => {
  assert.deepEqual(roleToWire(role("half", "containers.view")).permissions, []);
  assert.deepEqual(roleToWire(role("whole", "containers.view", "hosts.view", "apps.view")).permissions, ["read"]);
});

test("a change replaces what is shown, and nothing else", () => {
  const held = ["apps.view", "containers.view", "hosts.view", "users.list"];
  assert.deepEqual([...permissionsFromWire(["image.scan"], held)].sort(), ["apps.view", "images.scan", "users.list"]);
  assert.throws(() => permissionsFromWire(["fly"]), { code: "invalid", field: "permissions" });
});
