/** A writer that checksums what it writes, on its disk and in its memory, and is paused again and again. `RUNYARD_TEST_PAUSES` says how often. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import { openMicrovmDriver } from "./driver.ts";
import { lendGoldenImage, skipWithoutMachines } from "./testing.ts";

const pauses = Number(process.env.RUNYARD_TEST_PAUSES ?? 20);
const timeoutMs = 60_000;
/** Each piece twice, and its checksum; when all of it is written it says so. The number of the last piece is in the writer's own memory alone. */
const writer = `mkdir -p /root/pieces /dev/shm/pieces
i=0
while :; do
  i=$((i + 1))
  for place in /root/pieces /dev/shm/pieces; do
    head -c 4096 /dev/urandom >$place/$((i % 200))
    sha256sum <$place/$((i % 200)) >$place/$((i % 200)).sum
  done
  echo $i
done`;
/** Those of the last piece alone may differ, as it is being written. */
const checker = `wrong=0
for place in /root/pieces /dev/shm/pieces; do
  for sum in $place/*.sum; do
    [ "$(sha256sum <\${sum%.sum})" = "$(cat $sum)" ] || wrong=$((wrong + 1))
  done
done
echo $wrong`;

test(`a writer that is paused ${pauses} times loses nothing`, { skip: skipWithoutMachines() }, async () => {
  using directory = temporaryDirectory();
  await lendGoldenImage(directory.path);
  await using driver = await openMicrovmDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "writing" });
  try {
    const process = await sandbox.exec({ id: "writer", argv: ["sh", "-c", writer] });
    for (let pause = 0; pause < pauses; pause++) {
      const size = await process.output.size();
      await until(async () => (await process.output.size()) > size, { timeoutMs });
      await sandbox.pausing?.pause();
      await sandbox.pausing?.resume();
    }
    assert.equal(process.exit, undefined);
    await process.stop({ graceMs: 0 });
    const lines = (await outputOf(process)).trim().split("\n").map(Number);
    assert.deepEqual(
      lines,
      lines.map((_, i) => i + 1),
    );
    assert.ok(lines.length > pauses, `${lines.length} pieces`);
    const checked = await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", checker] });
    const wrong = Number(await outputOf(checked));
    assert.ok(wrong <= 1, `${wrong} pieces are not as they were written`);
  } finally {
    await sandbox.destroy();
  }
});
