import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { type OpenedYard, openTestYard } from "../../../test/support/yard-in-process.ts";
import { until } from "../../platform/testing/until.ts";

let opened: OpenedYard;
before(async () => {
  opened = await openTestYard();
});
after(() => opened[Symbol.asyncDispose]());

/** What the replies hold that are asked for here, each some of it. */
interface Body {
  readonly error: string;
  readonly status: string;
  readonly ca_id: string;
  readonly conflicts: readonly { readonly path: string; readonly kind: string; readonly markers?: string }[];
  readonly log: readonly { readonly at: number; readonly from: string | null }[];
}

async function ask(method: string, path: string, body?: unknown, type = "application/json") {
  const response = await fetch(`${opened.url}/api/fs${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": type },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64));

test("labels are made, found, moved and listed by name, as their ids were sent", async () => {
  const upper = "A".repeat(64);
  assert.deepEqual(await ask("POST", "/labels", { name: "b/c", ca_id: upper }), {
    status: 200,
    body: { label: "b/c", ca_id: upper },
  });
  await ask("POST", "/labels", { name: "a", ca_id: one, message: null });
  assert.deepEqual((await ask("GET", "/labels")).body, {
    labels: [
      { name: "a", ca_id: one },
      { name: "b/c", ca_id: "a".repeat(64) },
    ],
  });
  assert.deepEqual((await ask("GET", "/labels/b%2Fc")).body, { label: "b/c", ca_id: "a".repeat(64) });
  assert.deepEqual(await ask("GET", "/labels/none"), { status: 404, body: { error: "unknown label: none" } });
});

test("a push moves a label only from where it was expected, and the log tells of every move", async () => {
  const push = (fields: object) => ask("POST", "/push", { label: "main", ...fields });
  const advanced = (ca_id: unknown) => ({ status: 200, body: { status: "advanced", label: "main", ca_id } });
  const rejected = (current: unknown) => ({ status: 409, body: { status: "rejected", label: "main", current } });
  assert.deepEqual(await push({ ca_id: one, expected: two }), rejected(null));
  assert.deepEqual(await push({ ca_id: one, message: "first" }), advanced(one));
  assert.deepEqual(await push({ ca_id: two }), rejected(one));
  assert.deepEqual(await push({ ca_id: two, expected: one }), advanced(two));
  assert.deepEqual(await push({ ca_id: three, expected: one }), rejected(two));
  assert.deepEqual(await push({ ca_id: three, expected: "garbage", force: true }), advanced(three));
  assert.deepEqual(await ask("POST", "/push", { ca_id: "anything", detach: true }), {
    status: 200,
    body: { status: "detached", ca_id: "anything" },
  });
  const reset = await ask("POST", "/reset", { label: "main", ca_id: one });
  assert.deepEqual(reset, { status: 200, body: { label: "main", ca_id: one } });
  const { body } = await ask("GET", "/labels/main/log");
  assert.ok(body.log.every(({ at }) => Number.isInteger(at)));
  const moves = body.log.map(({ at: _at, ...move }) => move);
  assert.deepEqual(moves, [
    { from: null, to: one, op: "create", message: "first" },
    { from: one, to: two, op: "push" },
    { from: two, to: three, op: "reset" },
    { from: three, to: one, op: "reset" },
  ]);
  assert.equal((await ask("GET", "/labels/main/log?limit=1")).body.log[0]?.from, three);
  assert.deepEqual((await ask("GET", "/labels/main/log?limit=0")).body.log, []);
  assert.deepEqual((await ask("GET", "/labels/unknown/log")).body, { label: "unknown", log: [] });
});

test("of many pushes with one expectation exactly one wins", async () => {
  await ask("POST", "/labels", { name: "race", ca_id: one });
  const pushes = Array.from({ length: 8 }, (_, i) =>
    ask("POST", "/push", { label: "race", ca_id: `${i}`.repeat(64), expected: one }),
  );
  const statuses = (await Promise.all(pushes)).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, ...Array(7).fill(409)]);
});

for (const [what, path, body, status, error] of [
  ["a push without a label", "/push", { ca_id: one }, 400, /^label: /],
  ["an id that is none", "/push", { label: "x", ca_id: "xyz" }, 400, /^invalid CA id: xyz/],
  [
    "an expectation that is none",
    "/push",
    { label: "x", ca_id: one, expected: "xyz" },
    400,
    /^invalid expected CA id: xyz/,
  ],
  ["a label on an id that is none", "/labels", { name: "x", ca_id: "" }, 400, /^invalid CA id/],
  ["a long message", "/labels", { name: "x", ca_id: one, message: "x".repeat(5_000) }, 400, /^message: /],
  ["a reset to where it has never been", "/reset", { label: "a", ca_id: three }, 400, /not in the reflog/],
  ["a merge of an id that is none", "/merge", { ours: "x", theirs: one }, 400, /^invalid CA id: x/],
  ["a merge of unknown ids", "/merge", { ours: one, theirs: two }, 400, /^fs_merge: /],
  ["a side that is none", "/merge", { ours: one, theirs: one, prefer: "both" }, 400, /^invalid prefer/],
  ["a missing field", "/reset", { label: "x" }, 422, /ca_id: is required/],
  ["a wrong type", "/push", { label: 5, ca_id: one }, 422, /label: /],
  ["malformed JSON", "/merge", "{", 400, /not JSON/],
] as const)
  test(`refuses ${what}`, async () => {
    const refused = await ask("POST", path, body);
    assert.equal(refused.status, status, refused.body.error);
    assert.match(refused.body.error, error);
    assert.equal((await ask("GET", "/labels/x")).status, 404);
  });

test("bodies of another type are 415, larger ones than 2 MiB 413", async () => {
  assert.equal((await ask("POST", "/push", "{}", "text/plain")).status, 415);
  assert.equal((await ask("POST", "/push", JSON.stringify({ ca_id: "x".repeat(3 * 1024 ** 2) }))).status, 413);
});

/** Runs a script on these files, and gives the snapshot that it leaves. */
async function snapshotOf(code: string, fs: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const accepted = await fetch(`${opened.url}/api/exec`, {
    method: "POST",
    headers,
    body: JSON.stringify({ code, fs }),
  });
  const { execution_id: id } = (await accepted.json()) as { execution_id: string };
  return until(async () => {
    const response = await fetch(`${opened.url}/api/executions/${id}`);
    const { status, fs: left, error } = (await response.json()) as Record<"status" | "fs" | "error", string>;
    assert.ok(status === "running" || status === "completed", error);
    return left;
  });
}

test("scripts make snapshots, which are pushed, mounted again and merged, with their conflicts told", async () => {
  const base = await snapshotOf(
    "await fs.writeFile('text', 'a\\nb\\nc\\nd\\ne\\n'); await fs.writeFile('data', '\\0')",
    "work",
  );
  assert.equal((await ask("POST", "/push", { label: "work", ca_id: base })).status, 200);
  const write = (line: string) => `await fs.writeFile('text', 'a\\nb\\nc\\nd\\ne\\n'.replace(${line}))`;
  const ours = await snapshotOf(write("'a', 'OURS'"), "work");
  const theirs = await snapshotOf(`${write("'e', 'THEIRS'")}; await fs.writeFile('new', '')`, base);
  const merged = await ask("POST", "/merge", { base, ours, theirs });
  assert.equal(merged.body.status, "merged", merged.body.error);
  await snapshotOf(
    `if ((await fs.readFile('text', 'utf8')) !== 'OURS\\nb\\nc\\nd\\nTHEIRS\\n') throw new Error("it is not merged")`,
    merged.body.ca_id,
  );
  const against = await snapshotOf("await fs.writeFile('text', 'AGAINST\\n'); await fs.rm('data')", base);
  const changed = await snapshotOf(`${write("'a', 'OURS'")}; await fs.writeFile('data', '\\0\\0')`, base);
  const conflict = await ask("POST", "/merge", { base, ours: changed, theirs: against });
  assert.deepEqual(
    conflict.body.conflicts.map(({ path, kind, markers }) => [path, kind, typeof markers]),
    [
      ["data", "modify/delete", "undefined"],
      ["text", "text", "string"],
    ],
  );
  assert.match(conflict.body.conflicts[1]?.markers ?? "", /^<<<<<<< ours$/m);
  assert.equal(
    (await ask("POST", "/merge", { base, ours: changed, theirs: against, prefer: "theirs" })).body.ca_id,
    against,
  );
  assert.equal((await ask("GET", "/labels/work")).body.ca_id, base);
});

test("what is the same on both sides is its own merge", async () => {
  assert.deepEqual(await ask("POST", "/merge", { ours: one, theirs: one, prefer: " OURS " }), {
    status: 200,
    body: { status: "merged", ca_id: one },
  });
});
