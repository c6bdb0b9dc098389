/** The console's build: how heavy its first load is, and that the types of the yard's operations are those that the yard has. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { generatedFile, generateOperations, readDocuments } from "../console/api/generate.ts";
import { buildConsole, isStale } from "../scripts/build-console.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const built = join(import.meta.dirname, "../console/dist");
const mostBytes = 250 * 1024;
const firstPage = "src/pages/overview/page.tsx";

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
}

/** The files that a browser needs for these chunks, with all that they import. */
function filesOf(
  manifest: Readonly<Record<string, Chunk>>,
  names: readonly string[],
  seen = new Set<string>(),
): Set<string> {
  for (const name of names) {
    const chunk = manifest[name];
    assert.ok(chunk, `the build has ${name}`);
    if (seen.has(chunk.file)) continue;
    seen.add(chunk.file);
    filesOf(manifest, chunk.imports ?? [], seen);
  }
  return seen;
}

test("the first load is at most 250 KB, compressed", async () => {
  if (isStale()) await buildConsole();
  const manifest = JSON.parse(readFileSync(join(built, "manifest.json"), "utf8")) as Record<string, Chunk>;
  const files = ["index.html", ...filesOf(manifest, ["index.html", "style.css", firstPage])];
  const bytes = files.map((file) => gzipSync(readFileSync(join(built, file))).length).reduce((sum, each) => sum + each);
  assert.ok(files.length > 4 && bytes < mostBytes, `${bytes} bytes in ${files.length} files`);
});

test("the page names nothing from elsewhere, and has nothing inline", async () => {
  if (isStale()) await buildConsole();
  const page = readFileSync(join(built, "index.html"), "utf8");
  assert.doesNotMatch(page, /https?:|<style|<script(?![^>]*\ssrc="\/console\/)/);
});

test("the types of the operations are those of the yard's documents", async () => {
  await using opened = await openTestYard();
  const current = generateOperations(await readDocuments(opened.url));
  assert.equal(readFileSync(generatedFile, "utf8"), current, "run `node console/api/generate.ts`");
});
