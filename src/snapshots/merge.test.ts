import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isYardError } from "../platform/errors.ts";
import type { Snapshots } from "./snapshots.ts";
import { contentsOf, openTestSnapshots } from "./testing.ts";

const team = "team_a";
type Files = Readonly<Record<string, string | Uint8Array>>;

async function snapshotOf(snapshots: Snapshots, files: Files): Promise<string> {
  const tree = await snapshots.open(team, snapshots.emptyId, { directories: "implicit" });
  for (const [path, content] of Object.entries(files)) await tree.write(path, Buffer.from(content));
  return await tree.save();
}

async function mergeOf(
  snapshots: Snapshots,
  sides: { base?: Files; ours: Files; theirs: Files },
  prefer?: "ours" | "theirs",
) {
  const base = sides.base && (await snapshotOf(snapshots, sides.base));
  const [ours, theirs] = [await snapshotOf(snapshots, sides.ours), await snapshotOf(snapshots, sides.theirs)];
  return await snapshots.merge(team, { base, ours, theirs, prefer });
}

async function mergedFiles(
  snapshots: Snapshots,
  ...request: Parameters<typeof mergeOf> extends [infer _, ...infer R] ? R : never
) {
  const merge = await mergeOf(snapshots, ...request);
  assert.equal(merge.status, "merged", JSON.stringify(merge));
  const entries = Object.entries(await contentsOf(snapshots, team, merge.status === "merged" ? merge.id : ""));
  return Object.fromEntries(
    entries.filter(([path]) => !path.endsWith("/")).map(([path, text]) => [path, text.slice(4)]),
  );
}

async function conflictsOf(snapshots: Snapshots, sides: { base?: Files; ours: Files; theirs: Files }) {
  const merge = await mergeOf(snapshots, sides);
  return merge.status === "conflict" ? merge.conflicts : [];
}

test("what one side has changed is taken, deletions too, and lines that do not touch merge", async () => {
  await using store = await openTestSnapshots();
  const lines = (first: string, last: string) => `${first}\n2\n3\n4\n${last}`;
  const merged = await mergedFiles(store.snapshots, {
    base: { "d/same": "s", "d/ours": "o", "d/theirs": "t", "d/text": lines("1", "5"), "gone/1": "1", "gone/2": "2" },
    ours: { "d/same": "s", "d/ours": "O", "d/theirs": "t", "d/text": lines("one", "5"), "gone/1": "1", "new/o": "n" },
    theirs: {
      "d/same": "s",
      "d/ours": "o",
      "d/theirs": "T",
      "d/text": lines("1", "five"),
      "gone/2": "2",
      "new/t": "n",
    },
  });
  assert.deepEqual(merged, {
    "d/same": "s",
    "d/ours": "O",
    "d/theirs": "T",
    "d/text": lines("one", "five"),
    "new/o": "n",
    "new/t": "n",
  });
});

test("without a base additions are united, and nothing can have been deleted", async () => {
  await using store = await openTestSnapshots();
  const merged = await mergedFiles(store.snapshots, { ours: { a: "a", same: "s" }, theirs: { b: "b", same: "s" } });
  assert.deepEqual(merged, { a: "a", b: "b", same: "s" });
});

test("a conflict of texts shows the file with markers, and both changes as unified diffs", async () => {
  await using store = await openTestSnapshots();
  const [conflict, ...more] = await conflictsOf(store.snapshots, {
    base: { "dir/file": "top\nold\nend\n" },
    ours: { "dir/file": "top\nours\nend\n" },
    theirs: { "dir/file": "top\ntheirs" },
  });
  assert.deepEqual(more, []);
  assert.equal(conflict?.path, "dir/file");
  assert.equal(conflict.kind, "text");
  for (const id of [conflict.base, conflict.ours, conflict.theirs]) assert.match(id ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(conflict.text, {
    markers: "top\n<<<<<<< ours\nours\nend\n||||||| original\nold\nend\n=======\ntheirs\n>>>>>>> theirs\n",
    diffOurs: "--- original\n+++ modified\n@@ -1,3 +1,3 @@\n top\n-old\n+ours\n end\n",
    diffTheirs:
      "--- original\n+++ modified\n@@ -1,3 +1,2 @@\n top\n-old\n-end\n+theirs\n\\ No newline at end of file\n",
  });
});

const sqlite = (text: string) => Buffer.from(`SQLite format 3\0${text}`);
for (const { what, sides, kind } of [
  { what: "a change and a deletion", sides: { base: { f: "1" }, ours: { f: "2" }, theirs: {} }, kind: "modify/delete" },
  { what: "bytes with NUL", sides: { base: { f: "0" }, ours: { f: "1\0" }, theirs: { f: "2\0" } }, kind: "binary" },
  {
    what: "bytes that are no UTF-8",
    sides: { ours: { f: Buffer.of(0xff) }, theirs: { f: Buffer.of(0xfe) } },
    kind: "binary",
  },
  { what: "a text and bytes", sides: { ours: { f: "text" }, theirs: { f: "\0" } }, kind: "binary" },
  { what: "two SQLite files", sides: { ours: { f: sqlite("1") }, theirs: { f: sqlite("2") } }, kind: "sqlite" },
  { what: "a SQLite file and a text", sides: { ours: { f: sqlite("1") }, theirs: { f: "2" } }, kind: "binary" },
  { what: "empty and other text", sides: { base: { f: "0" }, ours: { f: "" }, theirs: { f: "1" } }, kind: "text" },
  { what: "a file and a directory", sides: { ours: { f: "1" }, theirs: { "f/g": "2" } }, kind: "modify/delete" },
] as { what: string; sides: { base?: Files; ours: Files; theirs: Files }; kind: string }[]) {
  test(`${what} are a conflict of the kind ${kind}, which a preferred side settles`, async () => {
    await using store = await openTestSnapshots();
    const [conflict, ...more] = await conflictsOf(store.snapshots, sides);
    assert.equal(conflict?.path, "f");
    assert.equal(conflict.kind, kind);
    assert.equal(conflict.text !== undefined, kind === "text");
    assert.deepEqual(more, []);
    for (const side of ["ours", "theirs"] as const) {
      const merge = await mergeOf(store.snapshots, sides, side);
      assert.deepEqual(merge, { status: "merged", id: await snapshotOf(store.snapshots, sides[side]) });
    }
  });
}

test("a rename against a change is a deletion against a change", async () => {
  await using store = await openTestSnapshots();
  const conflicts = await conflictsOf(store.snapshots, { base: { a: "1" }, ours: { b: "1" }, theirs: { a: "2" } });
  assert.deepEqual(
    conflicts.map(({ path, kind, ours }) => ({ path, kind, ours })),
    [{ path: "a", kind: "modify/delete", ours: null }],
  );
});

test("texts that take too long to compare are a conflict as a whole, soon", async () => {
  await using store = await openTestSnapshots();
  const text = (seed: string) => Array.from({ length: 40_000 }, (_, i) => `${seed}${i % 7}\n`).join("");
  const started = performance.now();
  const [conflict] = await conflictsOf(store.snapshots, {
    base: { f: text("") },
    ours: { f: text("o") },
    theirs: { f: text("t") },
  });
  assert.equal(conflict?.kind, "text");
  assert.ok(performance.now() - started < 5_000);
});

test("permissions merge like contents, those of directories too", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const base = await snapshotOf(snapshots, { "d/f": "f" });
  const withMode = async (path: string, mode: number) => {
    const tree = await snapshots.open(team, base);
    await tree.chmod(path, mode);
    return await tree.save();
  };
  const merge = await snapshots.merge(team, {
    base,
    ours: await withMode("d", 0o700),
    theirs: await withMode("d/f", 0o600),
  });
  assert.ok(merge.status === "merged");
  assert.deepEqual(await contentsOf(snapshots, team, merge.id), { "d/": "700", "d/f": "600 f" });
  for (const path of ["d", "d/f"]) {
    const both = await snapshots.merge(team, {
      base,
      ours: await withMode(path, 0o700),
      theirs: await withMode(path, 0o711),
    });
    assert.ok(both.status === "conflict");
    assert.deepEqual(
      both.conflicts.map((conflict) => conflict.path),
      [path],
    );
  }
});

test("two equal ids are their merge, known or not; other ids must be known", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const unknown = "A".repeat(64);
  assert.deepEqual(await snapshots.merge(team, { ours: unknown, theirs: unknown }), {
    status: "merged",
    id: "a".repeat(64),
  });
  await assert.rejects(snapshots.merge(team, { ours: unknown, theirs: snapshots.emptyId }), (error) =>
    isYardError(error, "not_found"),
  );
  await assert.rejects(snapshots.merge(team, { ours: "main", theirs: "main" }), (error) =>
    isYardError(error, "invalid"),
  );
});

/** Small trees in which everything meets everything; contents are one line each, so that no two changes merge by lines. */
const tree = fc.dictionary(
  fc.constantFrom("a", "b", "c/x", "c/y", "c/d/z", "e/1", "e/2"),
  fc.constantFrom("1", "2", "3\0"),
);

/** The rule, path by path. @returns the files, or the paths in conflict */
function mergeByRule(
  sides: { base?: Files | undefined; ours: Files; theirs: Files },
  prefer: "ours" | "theirs" | undefined,
) {
  const { base = {}, ours, theirs } = sides;
  const files: Record<string, string | Uint8Array> = {};
  const conflicts: string[] = [];
  for (const path of new Set([base, ours, theirs].flatMap((side) => Object.keys(side)))) {
    let content: string | Uint8Array | undefined;
    if (ours[path] === theirs[path] || theirs[path] === base[path]) content = ours[path];
    else if (ours[path] === base[path]) content = theirs[path];
    else if (prefer) content = sides[prefer][path];
    else conflicts.push(path);
    if (content !== undefined) files[path] = content;
  }
  return { files, conflicts: conflicts.sort() };
}

test("any three trees merge as the rule says, path by path, and the same every time", async () => {
  await using store = await openTestSnapshots();
  const sides = fc.record({ base: fc.option(tree, { nil: undefined }), ours: tree, theirs: tree });
  await fc.assert(
    fc.asyncProperty(sides, fc.constantFrom(undefined, "ours" as const, "theirs" as const), async (given, prefer) => {
      const expected = mergeByRule(given, prefer);
      const merge = await mergeOf(store.snapshots, given, prefer);
      assert.deepEqual(await mergeOf(store.reopen(), given, prefer), merge);
      if (merge.status === "conflict") {
        assert.deepEqual(
          merge.conflicts.map(({ path }) => path),
          expected.conflicts,
        );
      } else {
        assert.deepEqual(expected.conflicts, []);
        assert.equal(merge.id, await snapshotOf(store.snapshots, expected.files));
      }
    }),
    { numRuns: 80 },
  );
});
