import assert from "node:assert/strict";
import { closeSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mountSmallDisk } from "../platform/testing/small-disk.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { until } from "../platform/testing/until.ts";
import { createOutputFile, type OutputFile } from "./output-file.ts";
import { createOutputKeeper } from "./output-keeper.ts";

function openOutput(path: string, maxBytes: number): { file: OutputFile; print: (bytes: number) => void } & Disposable {
  const ended = new AbortController();
  const file = createOutputFile({ path, maxBytes, ended: ended.signal });
  const fd = file.openForAppending();
  return {
    file,
    print: (bytes) => {
      for (let at = 0; at < bytes; ) at += writeSync(fd, Buffer.alloc(Math.min(65_536, bytes - at), "x"));
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

const onDisk = (file: OutputFile) => statSync(file.path).blocks * 512;

test("a printer's disk use stays within its bound while it prints", async () => {
  using directory = temporaryDirectory();
  using keeper = createOutputKeeper({ directory: directory.path });
  using output = openOutput(join(directory.path, "log"), 1024 * 1024);
  keeper.add(output.file);
  for (let i = 1; i <= 10; i++) {
    output.print(1024 * 1024);
    await until(() => onDisk(output.file) <= 1024 * 1024 + 8192, { what: "the front is given back" });
  }
  assert.equal(await output.file.size(), 10 * 1024 * 1024);
});

test("a trimmed output is read from its true beginning by whoever opens it next", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "log");
  using output = openOutput(path, 64 * 1024);
  output.print(1024 * 1024);
  output.file.keepLast(64 * 1024);
  const later = createOutputFile({ path, maxBytes: 64 * 1024, ended: AbortSignal.abort() });
  assert.equal(later.start(), output.file.start());
  const { bytes, from } = await later.read({ position: 0, maxBytes: 10 });
  assert.deepEqual([bytes.toString(), from], ["xxxxxxxxxx", output.file.start()]);
  const followed = (await later.follow({ position: 0 }).toArray()) as Buffer[];
  assert.equal(Buffer.concat(followed).length, 1024 * 1024 - from);
});

test("on a full disk ended outputs give way first, then the front of the running ones", async (context) => {
  using disk = mountSmallDisk(context, { sizeMiB: 8 });
  if (disk === undefined) return;
  const mib = 1024 * 1024;
  using keeper = createOutputKeeper({ directory: disk.path, reserveBytes: 2 * mib });
  using old = openOutput(join(disk.path, "old"), 100 * mib);
  using running = openOutput(join(disk.path, "running"), 100 * mib);
  old.print(4 * mib);
  keeper.end(old.file);
  keeper.add(running.file);
  running.print(3 * mib); // 1 MiB is left
  await until(() => onDisk(old.file) === 0);
  assert.ok(onDisk(running.file) >= 3 * mib, "what runs keeps its output while there is other");
  running.print(4 * mib);
  await until(() => onDisk(running.file) < mib);
  assert.equal(await running.file.size(), 7 * mib);
});
