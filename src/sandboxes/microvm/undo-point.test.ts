import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { findTool } from "../namespace/availability.ts";
import { makeTopLayer } from "./store.ts";
import { dropUndoPoint, goBackTo } from "./undo-point.ts";

const [qemuImg = "", qemuIo = "", bwrap = "", setpriv = ""] = ["qemu-img", "qemu-io", "bwrap", "setpriv"].map(findTool);
const isRoot = process.getuid?.() === 0;
const skip = skipUnless(
  isRoot && ![qemuImg, qemuIo, bwrap, setpriv].includes(""),
  "qemu-img and root",
  "apt-get install qemu-utils bubblewrap util-linux, and run the tests as root",
);
const uid = 0x7200_0000;

describe("the undo point of a disk", { skip }, () => {
  async function makeDisk() {
    const directory = temporaryDirectory();
    chownSync(directory.path, uid, uid);
    const layer = { programs: { qemuImg, bwrap, setpriv }, path: join(directory.path, "disk"), uid };
    await makeTopLayer(qemuImg, layer.path, { diskBytes: 64 * 1024 * 1024, uid });
    const io = (command: string) => execFileSync(qemuIo, ["-c", command, layer.path], { encoding: "utf8" });
    return {
      layer,
      write: (byte: number) => io(`write -P ${byte} 1M 3M`),
      /** @throws, if anything else is there */
      requireThere: (byte: number) => assert.doesNotMatch(io(`read -P ${byte} 1M 3M`), /verification failed/),
      /** As its emulator does it before the machine goes on. */
      makePoint: (name: string) => execFileSync(qemuImg, ["snapshot", "-c", name, layer.path]),
      points: () => execFileSync(qemuImg, ["snapshot", "-l", layer.path], { encoding: "utf8" }),
      check: () => execFileSync(qemuImg, ["check", "-q", layer.path]),
      [Symbol.dispose]: () => directory[Symbol.dispose](),
    };
  }

  test("takes back what was written since, once, and nothing if it is not there", async () => {
    using disk = await makeDisk();
    disk.write(1);
    disk.makePoint("undo_a");
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
    disk.makePoint("undo_a");
    disk.write(2);
    for (const _ of ["as it is there", "and when it is not"]) await dropUndoPoint(disk.layer, "undo_a");
    disk.requireThere(2);
    disk.check();
    assert.doesNotMatch(disk.points(), /undo_/);
  });

  test("of a disk that is not there says so", async () => {
    using directory = temporaryDirectory();
    const layer = { programs: { qemuImg, bwrap, setpriv }, path: join(directory.path, "none"), uid };
    await assert.rejects(goBackTo(layer, "undo_a"), { code: "unavailable", message: /none/ });
  });

  test("is not gone back to by way of a disk that names another file", async () => {
    using disk = await makeDisk();
    using elsewhere = temporaryDirectory();
    const secret = join(elsewhere.path, "secret");
    writeFileSync(secret, "x".repeat(64 * 1024 * 1024));
    execFileSync(qemuImg, [
      "create",
      "-q",
      "-f",
      "qcow2",
      "-o",
      `data_file=${secret},data_file_raw=on`,
      disk.layer.path,
      "64M",
    ]);
    writeFileSync(secret, "kept");
    chownSync(disk.layer.path, uid, uid);
    await assert.rejects(goBackTo(disk.layer, "undo_a"), { code: "unavailable" });
    assert.equal(readFileSync(secret, "utf8"), "kept");
  });
});
