import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase } from "../platform/db/testing.ts";
import { createLog } from "../platform/log.ts";
import { openTasks, usualTaskSettings } from "./room.ts";
import { ada, newTask, openTestRoom } from "./testing.ts";

test("who looks at lists hears of tasks that come, are taken and change, and of those that nobody can name", async () => {
  await using database = await openTestDatabase("sqlite");
  await using first = await openTestRoom(database); // which writes the people
  const heard: string[] = [];
  await using room = await openTasks({
    ...{ database, bus: first.bus, clock: { now: Date.now, monotonic: () => performance.now() } },
    ...{ log: createLog({ level: "silent" }), settings: usualTaskSettings },
    changes: {
      note: (uuids, kind) => void heard.push(...uuids.map((uuid) => `${kind} ${uuid}`)),
      noteAll: () => void heard.push("all"),
    },
  });
  const { uuid } = await room.tasks.submit(ada, newTask());
  const [second] = await room.tasks.submitMany(ada, [newTask()]);
  assert.ok(second && "uuid" in second);
  await room.tasks.setLabels(ada, uuid, ["x"]);
  assert.deepEqual(heard.splice(0), [`added ${uuid}`, `added ${second.uuid}`, `changed ${uuid}`]);

  const worker = await first.worker();
  const claimed = await room.workers.claim(worker, { limit: 1, waitMs: 0 });
  assert.deepEqual(
    heard.splice(0),
    claimed.map((task) => `changed ${task.uuid}`),
  );
  await room.workers.unregister(worker);
  assert.deepEqual(heard, ["all"], "what a worker held that leaves waits again");
});
