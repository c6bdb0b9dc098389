import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { eachDialect, type TestDatabase } from "../platform/db/testing.ts";
import { createExecutionJournal, type ExecutionJournal } from "./execution-journal.ts";
import {
  type OutputPage,
  type OutputSource,
  type OutputTotals,
  type PageRequest,
  readOutputPage,
} from "./output-pages.ts";
import { cutPieces, outputOf } from "./output-rows.ts";

eachDialect("output pages", (open) => {
  let database: TestDatabase;
  let journal: ExecutionJournal;
  before(async () => {
    database = await open();
    journal = createExecutionJournal(database);
  });
  after(async () => {
    await journal[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  /** The output of a new execution, printed in these parts. */
  async function printed(parts: readonly Buffer[]): Promise<OutputSource> {
    const id = randomUUID();
    const execution = { id, teamId: "team", createdAt: 1, session: null, heapIn: null, instanceId: "host_1" };
    await journal.write({ kind: "began", execution });
    let totals: OutputTotals = { bytes: 0, lines: 0, isOpen: false };
    for (const part of parts) {
      const cut = cutPieces(part, totals);
      totals = cut.totals;
      await journal.write({ kind: "printed", executionId: id, pieces: cut.pieces });
    }
    return outputOf(database.kysely, id);
  }

  const character = fc.constantFrom("\n", "\n", "a", "b", "é", "ー", "😀");
  const text = fc.array(character, { maxLength: 60 }).map((characters) => characters.join(""));
  /** Cut anywhere, also within a character. */
  const parts = fc
    .tuple(text, fc.array(fc.nat(40), { maxLength: 6 }))
    .map(([all, sizes]) => cutAt(Buffer.from(all), sizes));
  const offset = fc.nat(80);
  const limit = fc.nat(30);

  test("pages of lines are those of the text cut at its line feeds", async () => {
    await fc.assert(
      fc.asyncProperty(parts, offset, limit, async (given, offset, limit) => {
        const page = await readOutputPage(await printed(given), { unit: "lines", offset, limit });
        assert.deepEqual(page, linesOfModel(Buffer.concat(given), offset, limit));
      }),
      { numRuns: 100 },
    );
  });

  test("pages of bytes hold what was asked for, but half characters", async () => {
    await fc.assert(
      fc.asyncProperty(parts, offset, limit, async (given, offset, limit) => {
        const all = Buffer.concat(given);
        const page = await readOutputPage(await printed(given), { unit: "bytes", offset, limit });
        const start = Math.min(offset, all.length);
        const shown = all.subarray(start, page.endByte);
        assert.deepEqual(page, {
          ...{ text: shown.toString(), startByte: start, endByte: page.endByte },
          ...{ startLine: lineFeeds(all.subarray(0, start)), endLine: lineFeeds(all.subarray(0, page.endByte)) },
          ...{ totalLines: lineFeeds(all), totalBytes: all.length, hasMore: page.endByte < all.length },
        });
        const most = Math.min(limit, all.length - start);
        assert.ok(shown.length <= most && shown.length >= Math.min(most, Math.max(1, most - 3)));
      }),
      { numRuns: 100 },
    );
  });

  test("reading on gives everything once, in whole characters", async () => {
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 4, max: 20 }), async (given, limit) => {
        const source = await printed(given);
        const all = Buffer.concat(given).toString();
        const byBytes = await readAll(source, "bytes", limit);
        assert.equal(byBytes.map((page) => page.text).join(""), all);
        const byLines = await readAll(source, "lines", limit);
        const lines = byLines.flatMap((page) => (page.endLine > page.startLine ? page.text.split("\n") : []));
        assert.deepEqual(lines, all === "" ? [] : all.replace(/\n$/, "").split("\n"));
      }),
      { numRuns: 50 },
    );
  });

  test("an output of many pieces is read from its middle", async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i}`);
    const source = await printed([Buffer.from(`${lines.join("\n")}\n`)]);
    const page = await readOutputPage(source, { unit: "lines", offset: 22_222, limit: 3 });
    assert.deepEqual(
      [page.text, page.startLine, page.endLine, page.totalLines, page.hasMore],
      ["line 22222\nline 22223\nline 22224", 22_222, 22_225, 30_000, true],
    );
    const bytes = await readOutputPage(source, { unit: "bytes", offset: page.startByte, limit: 10 });
    assert.deepEqual([bytes.text, bytes.startLine], ["line 22222", 22_222]);
    const long = await printed([Buffer.from(`${"x".repeat(200_000)}\nend`)]);
    const end = await readOutputPage(long, { unit: "lines", offset: 1, limit: 10 });
    assert.deepEqual([end.text, end.startByte, end.endByte, end.totalLines], ["end", 200_001, 200_004, 1]);
  });
});

function cutAt(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let rest = bytes;
  for (const size of sizes) {
    parts.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...parts, rest];
}

function lineFeeds(bytes: Buffer): number {
  return bytes.filter((byte) => byte === 0x0a).length;
}

function linesOfModel(all: Buffer, offset: number, limit: number): OutputPage {
  const lines = all.toString().split("\n");
  if (lines.at(-1) === "") lines.pop();
  const isOpen = all.length > 0 && all.at(-1) !== 0x0a;
  const startOf = (line: number) => {
    const before = lines.slice(0, line).map((each) => Buffer.byteLength(each) + 1);
    const bytes = before.reduce((sum, size) => sum + size, 0);
    return isOpen && line === lines.length ? bytes - 1 : bytes;
  };
  const startLine = Math.min(offset, lines.length);
  const endLine = Math.min(startLine + limit, lines.length);
  return {
    ...{ text: lines.slice(startLine, endLine).join("\n"), startLine, endLine },
    ...{ totalLines: lines.length - (isOpen ? 1 : 0), totalBytes: all.length },
    ...{ startByte: startOf(startLine), endByte: startOf(endLine), hasMore: endLine < lines.length },
  };
}

async function readAll(source: OutputSource, unit: PageRequest["unit"], limit: number): Promise<OutputPage[]> {
  const pages: OutputPage[] = [];
  for (let offset = 0; ; ) {
    const page = await readOutputPage(source, { unit, offset, limit });
    pages.push(page);
    if (!page.hasMore) return pages;
    const next = unit === "lines" ? page.endLine : page.endByte;
    assert.ok(next > offset, "a page with more behind it leads on");
    offset = next;
  }
}
