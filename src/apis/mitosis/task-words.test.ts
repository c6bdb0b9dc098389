import assert from "node:assert/strict";
import test from "node:test";
import { artifactKinds, runPhases } from "../../tasks/task.ts";
import type { SubmitRequest } from "./task-schemas.ts";
import {
  artifactTypes,
  changesFromWire,
  execStates,
  filterFromWire,
  pageFromWire,
  resultMessages,
  specToWire,
  taskFromWire,
  uuidsFromWire,
} from "./task-words.ts";

const team = { id: "team_1", name: "crew" };
const uuid = "0191b1a0-0000-7000-8000-00000000000a";

const request: SubmitRequest = {
  group_name: "crew",
  tags: ["gpu", "gpu"],
  labels: ["a"],
  timeout: "1h 30min 500ms",
  priority: -3,
  task_spec: { args: ["true"] },
};

test("a task of few words is filled up when it is shown", () => {
  const task = taskFromWire(request, team);
  assert.deepEqual(
    { ...task, spec: specToWire(task.spec) },
    {
      ...{ team, tags: ["gpu"], labels: ["a"], timeoutSeconds: 5_400, priority: -3 },
      spec: { args: ["true"], envs: {}, resources: [], terminal_output: false, watch: null },
    },
  );
});

test("a task of many words is shown as it was given, with its UUIDs in lower case", () => {
  const spec = {
    args: ["env", ""],
    envs: { A: "b" },
    resources: [
      {
        remote_file: { Artifact: { uuid: uuid.toUpperCase(), content_type: "STDLOG" as const } },
        local_path: "in/log",
      },
      { remote_file: { Attachment: { key: "a b/ç" } }, local_path: "x" },
    ],
    terminal_output: true,
    watch: [uuid.toUpperCase(), "ExecSpawned"] as [string, "ExecSpawned"],
  };
  assert.deepEqual(specToWire(taskFromWire({ ...request, task_spec: spec }, team).spec), {
    ...spec,
    resources: [
      { ...spec.resources[0], remote_file: { Artifact: { uuid, content_type: "std-log" } } },
      spec.resources[1],
    ],
    watch: [uuid, "ExecSpawned"],
  });
});

test("every state of a run and every reason has a word of its own, and comes back from it", () => {
  assert.deepEqual(execStates.wire.slice(0, 4), [
    "WorkerExited",
    "FetchResource",
    "FetchResourceFinished",
    "FetchResourceError",
  ]);
  assert.equal(new Set(execStates.wire).size, 21);
  assert.deepEqual(
    execStates.wire.map((word) => execStates.fromWire(word)),
    runPhases,
  );
  assert.ok(resultMessages.wire.includes("SubmitNewTaskFailed"));
});

test("kinds of artifacts are taken in every spelling that clients send", () => {
  for (const [spelling, kind] of [
    ["Result", "result"],
    ["exec", "exec-log"],
    ["EXECLOG", "exec-log"],
    ["Terminal", "std-log"],
    ["std-log", "std-log"],
  ] as const)
    assert.equal(artifactTypes.fromWire(spelling), kind);
  assert.deepEqual(new Set(artifactTypes.accepted.map(artifactTypes.fromWire)), new Set(artifactKinds));
});

test("a change names only what is to be another", () => {
  assert.deepEqual(changesFromWire({ tags: null, timeout: "2m", priority: null, task_spec: null }), {
    timeoutSeconds: 120,
  });
  assert.deepEqual(changesFromWire({ tags: [], priority: 0 }), { tags: [], priority: 0 });
  for (const nothing of [{}, { tags: null, priority: null }])
    assert.throws(() => changesFromWire(nothing), { code: "invalid" });
});

for (const [text, expected] of [
  ["0", { is: "=", value: 0 }],
  ["=7", { is: "=", value: 7 }],
  ["!=-1", { is: "!=", value: -1 }],
  ["<=2147483647", { is: "<=", value: 2_147_483_647 }],
  [">-2147483648", { is: ">", value: -2_147_483_648 }],
] as const)
  test(`the comparison ${text} is understood`, () =>
    assert.deepEqual(filterFromWire({ priority: text }, team, "client").priority, expected));

for (const text of ["", "=", "> 5", "5 ", "==5", "1.5", "2147483648", "-2147483649", "5; drop", "0x1"])
  test(`the comparison ${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => filterFromWire({ exit_status: text }, team, "client"), {
      code: "invalid",
      field: "exit_status",
    }));

test("an empty list in a filter is refused, for it could match nothing", () => {
  for (const field of ["creator_usernames", "tags", "labels", "states"] as const)
    assert.throws(() => filterFromWire({ [field]: [] }, team, "client"), { code: "invalid", field });
});

test("the state that no task has is no state of a filter", () => {
  assert.deepEqual(filterFromWire({ states: ["Unknown", "Ready"] }, team, "client").states, ["ready"]);
  assert.deepEqual(filterFromWire({ states: ["Unknown"] }, team, "client").states, []);
});

test("every page has an end", () => {
  assert.deepEqual(pageFromWire({}), { limit: 10_000, offset: 0 });
  assert.deepEqual(pageFromWire({ limit: 5, offset: 3 }), { limit: 5, offset: 3 });
  assert.deepEqual(pageFromWire({ limit: 1e9, offset: null }), { limit: 10_000, offset: 0 });
});

test("UUIDs are compared in lower case, each once, and at least one is needed", () => {
  assert.deepEqual(uuidsFromWire([uuid.toUpperCase(), uuid]), [uuid]);
  assert.throws(() => uuidsFromWire([]), { code: "invalid", field: "uuids" });
});
