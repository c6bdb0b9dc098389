import assert from "node:assert/strict";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { YardError } from "./errors.ts";
import { openReserve } from "./reserve.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { until } from "./testing/until.ts";

test("the reserve takes real space, and gives it back only to what finds the disk full", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "reserve");
  await using reserve = openReserve(path);
  assert.ok(statSync(path).blocks * 512 >= 8 * 1024 * 1024);

  await assert.rejects(
    reserve.essential(() => Promise.reject(new YardError("conflict", "no"))),
    { code: "conflict" },
  );
  assert.ok(existsSync(path));

  let tries = 0;
  const done = await reserve.essential(async () => {
    if (++tries === 1) throw new YardError("storage_full", "full");
    return existsSync(path);
  });
  assert.deepEqual({ tries, done }, { tries: 2, done: false });
  await assert.rejects(
    reserve.essential(() => Promise.reject(new YardError("storage_full", "full"))),
    { code: "storage_full" },
  );
});

test("the reserve is taken again when there is space", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "reserve");
  await using _reserve = openReserve(path);
  rmSync(path);
  await until(() => existsSync(path) && statSync(path).size >= 8 * 1024 * 1024, {
    timeoutMs: 15_000,
    what: "the reserve is back",
  });
});
