import assert from "node:assert/strict";
import { test } from "node:test";
import { createTeamSlots } from "./team-slots.ts";

test("of a team so much is done at one time, and another team need not wait for it", async () => {
  const withTeamSlot = createTeamSlots({ perTeam: 2, inAll: 3 });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const work = (team: string, name: string) =>
    withTeamSlot(team, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => void ends.push(resolve));
    });
  const all = [work("a", "a1"), work("a", "a2"), work("a", "a3"), work("b", "b1"), work("c", "c1")];
  await new Promise(setImmediate);
  assert.deepEqual(begun, ["a1", "a2", "b1"]);
  ends[0]!();
  await all[0];
  await new Promise(setImmediate);
  assert.deepEqual(begun, ["a1", "a2", "b1", "c1"]);
  for (let ended = 1; ended < all.length; ended++) {
    ends[ended]!();
    await new Promise(setImmediate);
  }
  await Promise.all(all);
  assert.deepEqual(begun, ["a1", "a2", "b1", "c1", "a3"]);
});
