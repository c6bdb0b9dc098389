import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openJournal } from "./journal.ts";
import { mountSmallDisk } from "./testing/small-disk.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { until } from "./testing/until.ts";

type Entry = { set: string; to: number | null };

/** A map kept by a journal. */
function openMap(path: string) {
  const map = new Map<string, number>();
  const apply = ({ set, to }: Entry) => (to === null ? map.delete(set) : map.set(set, to));
  const journal = openJournal<Entry>({
    path,
    replay: (entry) => apply(entry as Entry),
    *snapshot() {
      for (const [set, to] of map) yield { set, to };
    },
    retryMs: 20,
  });
  return {
    map,
    journal,
    set(entry: Entry) {
      apply(entry);
      journal.note(entry);
    },
    [Symbol.dispose]: () => journal[Symbol.dispose](),
  };
}

const changes = fc.array(
  fc.record({ set: fc.constantFrom("a", "b", "c", "ü\n"), to: fc.option(fc.integer(), { nil: null }) }),
  { maxLength: 40 },
);

test("what was written is read back, whatever it was", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "journal");
  fc.assert(
    fc.property(changes, (entries) => {
      rmSync(path, { force: true });
      const written = openMap(path);
      for (const entry of entries) written.set(entry);
      // Not closed: as after a kill.
      using read = openMap(path);
      assert.deepEqual(read.map, written.map);
      written[Symbol.dispose]();
    }),
    { numRuns: 50 },
  );
});

test("a file cut at any byte holds every entry whose line is whole", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "journal");
  fc.assert(
    fc.property(changes, fc.nat(), (entries, at) => {
      const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
      writeFileSync(path, lines.join(""));
      const cut = at % (statSync(path).size + 1);
      truncateSync(path, cut);
      const whole = readFileSync(path).toString("latin1").split("\n").length - 1;
      const expected = new Map<string, number>();
      for (const { set, to } of entries.slice(0, whole)) to === null ? expected.delete(set) : expected.set(set, to);
      const lastIsWhole = Buffer.byteLength(lines.slice(0, whole + 1).join("")) - 1 === cut;
      using read = openMap(path);
      if (!lastIsWhole) assert.deepEqual(read.map, expected); // with only its line end missing, an entry counts
    }),
    { numRuns: 50 },
  );
});

test("it stays small however many changes it sees", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "journal");
  using kept = openMap(path);
  for (let i = 0; i < 100_000; i++) kept.set({ set: `key${i % 10}`, to: i });
  assert.ok(statSync(path).size < 1_200_000, `${statSync(path).size} bytes`);
  using read = openMap(path);
  assert.deepEqual(read.map, kept.map);
});

test("its file is its user's alone", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "journal");
  using kept = openMap(path);
  kept.set({ set: "a", to: 1 });
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("on a full disk intents are refused and facts kept, and both heal when there is space", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  const path = join(disk.path, "journal");
  const filler = join(disk.path, "filler");
  using kept = openMap(path);
  kept.set({ set: "before", to: 1 });
  fill(filler);
  for (let i = 0; i < 500; i++) kept.set({ set: "fact", to: i }); // beyond what is left of the last page
  assert.equal(kept.journal.behind, true);
  assert.throws(() => kept.journal.intend({ set: "intent", to: 1 }), { code: "storage_full" });
  rmSync(filler);
  await until(() => !kept.journal.behind);
  kept.journal.intend({ set: "intent", to: 2 });
  using read = openMap(path);
  assert.deepEqual(Object.fromEntries(read.map), { before: 1, fact: 499, intent: 2 });
});

function fill(path: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  assert.throws(() => {
    for (;;) appendFileSync(path, Buffer.alloc(16 * 1024));
  });
}

test("what was meant is kept, also where the file was due to be written anew", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "journal");
  using written = openMap(path);
  const long = "x".repeat(64 * 1024);
  for (let i = 0; i < 40; i++) {
    const entry = { set: `${long}${i % 2}`, to: i };
    written.journal.intend(entry);
    written.map.set(entry.set, entry.to); // applied once it is on disk
    const copy = join(directory.path, "copy"); // as it is after a kill
    copyFileSync(path, copy);
    using read = openMap(copy);
    assert.equal(read.map.get(entry.set), i);
  }
});
