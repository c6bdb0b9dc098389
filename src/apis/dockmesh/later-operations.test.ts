/** What is not served is said in the documentation. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { laterAreas } from "./later-operations.ts";

test("the page about compatibility lists every operation that is not carried out", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../docs/compatibility.md"), "utf8");
  for (const { what, operations } of laterAreas) {
    const row = page.split("\n").find((line) => line.startsWith(`| ${what} |`)) ?? "";
    const listed = Array.from(row.matchAll(/`([A-Z ]+) (\/[^`]+)`/g), ([, methods, path]) =>
      methods!.split(" ").map((method) => `${method} ${path!.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    );
    assert.deepEqual(listed.flat().sort(), operations.map(([method, path]) => `${method} ${path}`).sort(), what);
  }
});
