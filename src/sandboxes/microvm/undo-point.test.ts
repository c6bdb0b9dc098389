import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { findTool } from "../namespace/availability.ts";
import { makeTopLayer } from "./store.ts";
import { dropUndoPoint, goBackTo, makeUndoPoint } from "./undo-point.ts";

const [qemuImg, qemuIo] = ["qemu-img", "qemu-io"].map(findTool);
const skip = skipUnless(qemuImg !== undefined && qemuIo !== undefined, "qemu-img", "apt-get install qemu-utils");

describe("the undo point of a disk", { skip }, () => {
  async function makeDisk() {
    const directory = temporaryDirectory();
    const layer = { qemuImg: qemuImg ?? "", path: join(directory.path, "disk") };
    await makeTopLayer(layer.qemuImg, layer.path, { diskBytes: 64 * 1024 * 1024, uid: process.getuid?.() ?? 0 });
    const io = (command: string) => execFileSync(qemuIo ?? "", ["-c", command, layer.path], { encoding: "utf8" });
    return {
      layer,
      write: (byte: number) => io(`write -P ${byte} 1M 3M`),
      /** @throws, if anything else is there */
      requireThere: (byte: number) => assert.doesNotMatch(io(`read -P ${byte} 1M 3M`), /verification failed/),
      points: () => execFileSync(layer.qemuImg, ["snapshot", "-l", layer.path], { encoding: "utf8" }),
      check: () => execFileSync(layer.qemuImg, ["check", "-q", layer.path]),
      [Symbol.dispose]: () => directory[Symbol.dispose](),
    };
  }

  test("takes back what was written since, once, and nothing if it is not there", async () => {
    using disk = await makeDisk();
    disk.write(1);
    await makeUndoPoint(disk.layer, "undo_a");
    disk.write(2);
    await goBackTo(disk.layer, "undo_a");
    disk.requireThere(1);
    disk.write(3);
    await goBackTo(disk.layer, "undo_a");
    disk.requireThere(3);
    disk.check();
    assert.doesNotMatch(disk.points(), /undo_/);
  });

  test("is dropped, and what was written since stays", async () => {
    using disk = await makeDisk();
    disk.write(1);
    await makeUndoPoint(disk.layer, "undo_a");
    disk.write(2);
    for (const _ of ["as it is there", "and when it is not"]) await dropUndoPoint(disk.layer, "undo_a");
    disk.requireThere(2);
    disk.check();
    assert.doesNotMatch(disk.points(), /undo_/);
  });

  test("of a disk that is not there says so", async () => {
    const layer = { qemuImg: qemuImg ?? "", path: "/nonexistent/disk" };
    await assert.rejects(makeUndoPoint(layer, "undo_a"), { code: "unavailable", message: /nonexistent/ });
  });
});
