import assert from "node:assert/strict";
import test from "node:test";
import type { RunStatus } from "../../agent/protocol.ts";
import type { App, AppRuntime } from "../../apps/app.ts";
import { createAppTexts } from "./app-texts.ts";
import { definitionFromWire } from "./translate.ts";
import { appToWire, definitionToWire, drawTree, type Observed } from "./views.ts";

const seal = {
  seal: (plain: string) => `sealed:${plain}`,
  open: (sealed: string) => (sealed.startsWith("sealed:") ? sealed.slice(7) : undefined),
};
const surroundings = { seal, now: 1_700_000_000_000 };
const quiet: Observed = { usage: undefined, messages: { count: 0, status: "" } };
const ended: RunStatus = {
  id: "r",
  startedAt: 1_700_000_001_000,
  exit: { code: 3, signal: null, at: 1_700_000_002_000 },
};

const everything = {
  name: "web",
  command: "serve --port 1",
  description: "d",
  metadata: '{"a":1}',
  working_dir: "/tmp",
  status: 1,
  stdout_cache_num: 2,
  health_check_cmd: "curl -f x",
  start_time: 1_700_000_000,
  end_time: 1_800_000_000,
  start_interval_seconds: "PT1M",
  retention: 5,
  daily_limitation: { daily_start: 1, daily_end: 2 },
  behavior: { exit: "KeepAlive", control: { "007": "Remove" } },
  env: { A: "1" },
  sec_env: { TOKEN: "hush" },
  resource_limit: { memory_mb: 64, memory_virt_mb: 128, cpu_shares: 512 },
  permission: 32,
  register_time: 1_600_000_000,
  version: 4,
  owner: "somebody",
  return_code: 5,
  unknown: [1],
};

function appOf(changes: Partial<App> = {}, runtime: Partial<AppRuntime> = {}): App {
  return {
    ...{ id: "app_1", name: "web", ownerId: "u", ownerName: "ann", kind: "defined", enabled: true },
    ...{ createdAt: surroundings.now, updatedAt: surroundings.now },
    definition: definitionFromWire(everything, surroundings),
    runtime: { starts: 0, runs: [], healthy: false, ...runtime },
    ...changes,
  };
}

test("what was sent is what is shown, in the server's form", () => {
  const view = JSON.parse(JSON.stringify(definitionToWire(appOf(), surroundings)));
  const texts = Object.keys(view).filter((key) => key.endsWith("_TEXT"));
  assert.deepEqual(texts.sort(), ["end_time_TEXT", "register_time_TEXT", "start_time_TEXT"]);
  for (const key of texts) assert.match(view[key], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d/);
  const { return_code: _code, unknown: _unknown, ...sent } = everything;
  const shown = Object.fromEntries(Object.entries(view).filter(([key]) => !texts.includes(key)));
  delete (shown.daily_limitation as Record<string, unknown>).daily_start_TEXT;
  delete (shown.daily_limitation as Record<string, unknown>).daily_end_TEXT;
  assert.deepEqual(shown, {
    ...sent,
    owner: "ann",
    metadata: { a: 1 },
    retention: "5",
    behavior: { exit: "keepalive", control: { "7": "remove" } },
    sec_env: { TOKEN: "sealed:hush" },
  });
});

test("a viewed application that is sent back is the same application", () => {
  const view = appToWire(appOf(), quiet, surroundings);
  assert.deepEqual(definitionFromWire(view, { ...surroundings, now: 0 }), appOf().definition);
});

test("an application that never ran shows its health and its starts, and nothing that has not happened", () => {
  const view = appToWire(appOf(), quiet, surroundings);
  assert.deepEqual([view.health, view.starts], [1, 0]);
  for (const field of ["pid", "return_code", "last_start_time", "last_exit_time", "next_start_time", "task_id"]) {
    assert.equal(field in view, false, field);
  }
});

test("an ended run leaves code, times and the last error; without a schedule the planned start stays", () => {
  const definition = definitionFromWire({ command: "true" }, surroundings);
  const runtime = {
    starts: 1,
    runs: [ended],
    lastEnded: ended,
    lastError: { at: 1_700_000_002_000, message: "It exited with 3." },
  };
  const view = appToWire(appOf({ definition }, runtime), quiet, surroundings);
  assert.deepEqual(
    [view.return_code, view.last_start_time, view.last_exit_time, view.next_start_time, view.stdout_cache_size],
    [3, 1_700_000_001, 1_700_000_002, 1_700_000_001, 1],
  );
  assert.match(view.last_error ?? "", /^\d{4}-\S+ It exited with 3\.$/);
  const off = appToWire(appOf({ definition, enabled: false }, runtime), quiet, surroundings);
  assert.equal(off.next_start_time, undefined);
});

test("a running process shows what it uses and the messages it was sent", () => {
  const tree = { pid: 7, name: "sh", children: [{ pid: 8, name: "sleep", children: [] }] };
  const usage = { cpuPercent: 1.5, rssBytes: 1024, openFiles: 3, pids: [7, 8], user: "ann", tree };
  const run = { id: "r", pid: 7, startedAt: 1_700_000_001_000 };
  const observed: Observed = { usage, messages: { count: 2, status: "busy" } };
  const view = appToWire(appOf({}, { starts: 1, runs: [run], healthy: true }), observed, surroundings);
  const { pid, cpu, memory, fd, pid_user, pstree, task_id, task_status, health } = view;
  assert.deepEqual(
    { pid, cpu, memory, fd, pid_user, pstree, task_id, task_status, health },
    {
      ...{ pid: 7, cpu: 1.5, memory: 1024, fd: 3, pid_user: "ann", pstree: "sh(7)\n└─sleep(8)" },
      ...{ task_id: 2, task_status: "busy", health: 0 },
    },
  );
});

test("a tree is drawn with its branches", () => {
  const leaf = (pid: number) => ({ pid, name: "leaf", children: [] });
  const tree = { pid: 1, name: "root", children: [{ pid: 2, name: "mid", children: [leaf(3), leaf(4)] }, leaf(5)] };
  assert.equal(drawTree(tree), ["root(1)", "├─mid(2)", "│ ├─leaf(3)", "│ └─leaf(4)", "└─leaf(5)"].join("\n"));
});

test("an application's text is its view, whatever changes between two looks", () => {
  const textOf = createAppTexts(() => surroundings);
  const definition = appOf().definition;
  const usage = (rssBytes: number) => ({ cpuPercent: 0, rssBytes, openFiles: 0, pids: [] });
  const run = { id: "r", pid: 7, startedAt: 1_700_000_001_000 };
  const first = appOf({ definition }, { runs: [run] });
  const looks: [App, Observed][] = [
    [first, quiet],
    [first, quiet],
    [first, { ...quiet, usage: usage(1) }],
    [first, { ...quiet, usage: usage(2) }],
    [first, { ...quiet, messages: { count: 1, status: "busy" } }],
    [first, { ...quiet, messages: { count: 1, status: "" } }],
    [{ ...first, ownerName: "bob" }, quiet],
    [{ ...first, enabled: false }, quiet],
    [{ ...first, runtime: { ...first.runtime, starts: 2 } }, quiet],
    [{ ...first, definition: { ...definition, env: { B: "2" } } }, quiet],
  ];
  for (const [app, observed] of looks) {
    assert.deepEqual(
      JSON.parse(textOf(app, observed)),
      JSON.parse(JSON.stringify(appToWire(app, observed, surroundings))),
    );
  }
});
