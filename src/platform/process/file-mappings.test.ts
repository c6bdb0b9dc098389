import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { untouchedFileMappings } from "./file-mappings.ts";

const mapping = (line: string, anonymousKiB: number) =>
  `${line}\nSize:                 16 kB\nRss:                  16 kB\nAnonymous:       ${String(anonymousKiB).padStart(5)} kB\nVmFlags: rd mr mw me sd\n`;

test("code and constants of programs and libraries are found", () => {
  const smaps = [
    mapping("00400000-00404000 r--p 00000000 fe:01 17                         /usr/bin/node", 0),
    mapping("7f0000000000-7f0000010000 r-xp 00004000 fe:01 18                 /usr/lib/with space.so", 0),
  ].join("");
  assert.deepEqual(untouchedFileMappings(smaps), [
    { start: 0x400000n, length: 0x4000n },
    { start: 0x7f0000000000n, length: 0x10000n },
  ]);
});

for (const { what, text } of [
  { what: "what the linker has written to", text: mapping("1000-2000 r--p 00000000 fe:01 17    /usr/bin/node", 4) },
  { what: "what can be written", text: mapping("1000-2000 rw-p 00000000 fe:01 17    /usr/bin/node", 0) },
  { what: "what is shared", text: mapping("1000-2000 r--s 00000000 fe:01 17    /data/runyard.db-shm", 0) },
  { what: "memory of no file", text: mapping("1000-2000 r--p 00000000 00:00 0", 0) },
  { what: "what the kernel puts there", text: mapping("1000-2000 r-xp 00000000 00:00 0    [vdso]", 0) },
]) {
  test(`${what} is left alone`, () => assert.deepEqual(untouchedFileMappings(text), []));
}

test("this process has some", { skip: process.platform !== "linux" && "only Linux has /proc" }, () => {
  assert.ok(untouchedFileMappings(readFileSync("/proc/self/smaps", "latin1")).length > 0);
});
