import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect, type TestDatabase } from "../../platform/db/testing.ts";
import { newId } from "../../platform/ids.ts";
import type { Capsule, CapsuleStatus } from "../capsule.ts";
import { createCapsuleStore } from "../store.ts";
import { type CapsuleMove, createMoveStore } from "./move-store.ts";

const clock = { now: () => 7, monotonic: () => 0 };

eachDialect("the table of moves", (open) => {
  async function begin(database: TestDatabase, status: CapsuleStatus = "paused") {
    const capsule: Capsule = {
      ...{ id: newId("capsule"), teamId: "team_a", status, template: "minimal", driver: "microvm" },
      ...{ vcpus: 1, memoryMb: 1, diskMb: 1, idleTimeoutSeconds: 0, hostId: "host_a", keeps: "saved" },
      ...{ createdAt: 1, updatedAt: 1 },
    };
    const capsules = createCapsuleStore({ database, clock });
    await capsules.insert(capsule, { capsules: 0, vcpus: 0, memoryMb: 0 });
    const part = { name: "memory", bytes: 2 ** 40, hash: "ab", diskBytes: 5 };
    const move: CapsuleMove = {
      ...{ id: newId("move"), capsuleId: capsule.id, driver: "microvm", fromHostId: "host_a", toHostId: "host_b" },
      ...{ phase: "sending", owner: "mine", begunAt: 3 },
      image: { driver: "microvm", version: 1, id: capsule.id, limits: {}, data: { name: "böse'\"" }, parts: [part] },
    };
    const moves = createMoveStore({ database, clock });
    await moves.insert(move);
    const hostId = async () => (await capsules.get(capsule.id))?.hostId;
    return { moves, move, hostId, capsules };
  }

  test("gives back what was put into it, once for each capsule", async () => {
    await using database = await open();
    const { moves, move } = await begin(database);
    assert.deepEqual(await moves.get(move.capsuleId), move);
    assert.deepEqual(await moves.list(), [move]);
    await assert.rejects(moves.insert({ ...move, id: newId("move") }), { code: "conflict", message: /being moved/ });
    await moves.forget(move);
    assert.deepEqual([await moves.get(move.capsuleId), await moves.list()], [undefined, []]);
  });

  test("puts a capsule on its new host once all of it was sent, and once", async () => {
    await using database = await open();
    const { moves, move, hostId } = await begin(database);
    assert.equal(await moves.settle(move), undefined, "not all was sent");
    assert.equal(await hostId(), "host_a");
    const sent = await moves.markSent(move);
    assert.equal(sent?.phase, "sent");
    assert.equal(await moves.markSent(move), undefined);
    assert.equal((await moves.settle(move))?.hostId, "host_b");
    assert.equal(await moves.settle(move), undefined);
    await moves.giveUp(move.capsuleId);
    assert.deepEqual([(await moves.get(move.capsuleId))?.phase, await hostId()], ["arrived", "host_b"]);
  });

  test("leaves a capsule where it is once its move was given up", async () => {
    await using database = await open();
    const { moves, move, hostId } = await begin(database);
    await moves.markSent(move);
    assert.deepEqual([await moves.giveUp("capsule_other"), await moves.giveUp(move.capsuleId)], [false, true]);
    assert.deepEqual([await moves.settle(move), await hostId()], [undefined, "host_a"]);
    assert.equal((await moves.get(move.capsuleId))?.phase, "abandoned");
  });

  test("leaves a capsule that runs, or has ended, where it is", async () => {
    await using database = await open();
    for (const status of ["running", "stopped"] as const) {
      const { moves, move, hostId } = await begin(database, status);
      await moves.markSent(move);
      assert.deepEqual([await moves.settle(move), await hostId()], [undefined, "host_a"]);
      assert.equal((await moves.get(move.capsuleId))?.phase, "abandoned");
    }
  });

  test("obeys its owner alone", async () => {
    await using database = await open();
    const { moves, move, hostId } = await begin(database);
    const theirs = await moves.claim(move, "theirs");
    assert.ok(theirs);
    assert.deepEqual([await moves.claim(move, "mine again"), await moves.markSent(move)], [undefined, undefined]);
    await moves.markSent(theirs);
    assert.deepEqual([await moves.settle(move), await hostId()], [undefined, "host_a"]);
    assert.equal((await moves.settle(theirs))?.hostId, "host_b");
  });
});
