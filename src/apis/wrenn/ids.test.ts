import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { idFromWire, idToWire } from "./ids.ts";

const invalid = (error: unknown) => isYardError(error, "invalid") && error.field === "id";

test("every id of ours has a spelling of Wrenn's, and the way back leads to the same id", () => {
  for (let i = 0; i < 1_000; i++) {
    const id = newId("capsule");
    const wire = idToWire("capsule", id);
    assert.match(wire, /^cl-[0-9a-z]{25}$/);
    assert.equal(idFromWire("capsule", wire), id);
  }
});

test("the ends of the range are those of 128 bits", () => {
  assert.equal(idToWire("team", `team_${"0".repeat(26)}`), `team-${"0".repeat(25)}`);
  assert.equal(idToWire("capsule", `capsule_7${"z".repeat(25)}`), "cl-f5lxx1zz5pnorynqglhzmsp33");
  assert.equal(idFromWire("capsule", "cl-f5lxx1zz5pnorynqglhzmsp33"), `capsule_7${"z".repeat(25)}`);
});

for (const [what, text] of [
  ["another kind's prefix", `team-${"0".repeat(25)}`],
  ["no prefix", "0".repeat(28)],
  ["a digit too few", `cl-${"0".repeat(24)}`],
  ["a digit too many", `cl-${"0".repeat(26)}`],
  ["a capital letter", `cl-${"A".repeat(25)}`],
  ["a character that is no digit", `cl-${"0".repeat(24)}_`],
  ["a line feed at its end", `cl-${"0".repeat(25)}\n`],
  ["one more than 128 bits hold", "cl-f5lxx1zz5pnorynqglhzmsp34"],
  ["as much as its digits hold", `cl-${"z".repeat(25)}`],
  ["nothing", ""],
  ["an id of the yard's own spelling", newId("capsule")],
] as const)
  test(`${what} is no capsule's id`, () => {
    assert.throws(() => idFromWire("capsule", text), invalid);
  });

test("an id that is no entity's of that kind is our own mistake", () => {
  assert.throws(() => idToWire("team", newId("user")), /is no id of a team/);
});
