import assert from "node:assert/strict";
import test from "node:test";
import { groupEntriesFromWire, reportFromWire, shutdownOps } from "./worker-words.ts";

const noTeam = () => assert.fail("no group is named");

test("the groups of a registration are read as clients write them", () => {
  assert.deepEqual(
    [...groupEntriesFromWire(["plain", "read:Read", "admin:ADMIN", "odd:owner", "a:b:c", "twice:Read", "twice:write"])],
    [
      ["plain", "member"],
      ["read", "viewer"],
      ["admin", "admin"],
      ["odd", "member"],
      ["twice", "member"],
    ],
  );
});

test("every report has its word in the queue", async () => {
  for (const [op, expected] of [
    ["Finish", { kind: "ended", state: "finished" }],
    ["Cancel", { kind: "ended", state: "cancelled" }],
    [{ Commit: { exit_status: 3, msg: null } }, { kind: "commit", result: { waitStatus: 3, reason: null } }],
    [{ Commit: { exit_status: 0 } }, { kind: "commit", result: { waitStatus: 0, reason: null } }],
    [
      { End: { state: "Cancelled" as const, exit_status: 15, msg: "ExecTimeout" as const } },
      { kind: "end", state: "cancelled", result: { waitStatus: 15, reason: "exec-timeout" } },
    ],
  ] as const)
    assert.deepEqual(await reportFromWire(op, "client", noTeam), expected);
});

test("a document's worker reports exit codes", async () => {
  const report = await reportFromWire({ End: { state: "Finished", exit_status: 3 } }, "document", noTeam);
  assert.deepEqual(report, { kind: "end", state: "finished", result: { waitStatus: 768, reason: null } });
});

test("a downstream task is one of the group that it names", async () => {
  const op = {
    Submit: {
      ...{ group_name: "crew", tags: [], labels: [], timeout: "1s", priority: 0 },
      task_spec: { args: [] },
    },
  };
  const report = await reportFromWire(op, "client", (name) => ({ id: "team_1", name }));
  assert.ok(report.kind === "submit");
  assert.deepEqual(report.task.team, { id: "team_1", name: "crew" });
});

test("force is what is named so, in either spelling", () => {
  assert.deepEqual(shutdownOps.accepted.filter(shutdownOps.isForce), ["Force", "force"]);
});
