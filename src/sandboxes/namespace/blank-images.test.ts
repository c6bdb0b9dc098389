import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mounts } from "../../platform/process/mounts.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { findPrograms } from "./availability.ts";
import { makeImage } from "./blank-images.ts";
import { imageFreed, mountImage } from "./image-mounts.ts";

const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "root, and loop devices", JSON.stringify(availability));
const bytes = 64 * 1024 * 1024;

describe("images", { skip }, () => {
  test("all of a size are sound, sparse, and each its own", async () => {
    await using directory = temporaryDirectory();
    const [first, second] = ["first", "second"].map((name) => join(directory.path, name)) as [string, string];
    for (const image of [first, second]) {
      await makeImage(image, bytes);
      const { size, blocks } = statSync(image);
      assert.equal(size, bytes);
      assert.ok(blocks * 512 < bytes / 16, `${blocks} blocks`);
      execFileSync("e2fsck", ["-fn", image], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, stdio: "pipe" });
    }
    assert.ok(readFileSync(first).equals(readFileSync(second)));
  });

  test("one is mounted as a disk of its size, and its device is free again afterwards", async () => {
    await using directory = temporaryDirectory();
    const [image, target] = [join(directory.path, "image"), join(directory.path, "target")];
    mkdirSync(target);
    await makeImage(image, bytes);
    await mountImage(image, target);
    const mounted = () =>
      readFileSync("/proc/mounts", "utf8")
        .split("\n")
        .filter((line) => line.includes(target));
    assert.equal(mounted().length, 1);
    writeFileSync(join(target, "file"), "kept");
    assert.throws(() => writeFileSync(join(target, "big"), Buffer.alloc(bytes)), { code: "ENOSPC" });
    mounts().unmount(target);
    assert.deepEqual(mounted(), []);
    await mountImage(image, target, { readOnly: true });
    assert.equal(readFileSync(join(target, "file"), "utf8"), "kept");
    assert.throws(() => writeFileSync(join(target, "file"), "changed"), { code: "EROFS" });
    mounts().unmount(target);
    await until(() => !execFileSync("losetup", ["-a"], { encoding: "utf8" }).includes(directory.path));
  });

  test("one that was unmounted is free only when nobody has a file in it open any more", async () => {
    await using directory = temporaryDirectory();
    const path = realpathSync(directory.path);
    const [image, target] = [join(path, "image"), join(path, "target")];
    mkdirSync(target);
    await makeImage(image, bytes);
    await imageFreed(image);
    await mountImage(image, target);
    const file = openSync(join(target, "file"), "w");
    mounts().unmount(target);
    let isFree = false;
    const freed = imageFreed(image).then(() => {
      isFree = true;
    });
    await sleep(50);
    assert.equal(isFree, false);
    closeSync(file);
    await freed;
  });

  test("a directory is shown read-only at a second place, and stays as it is at the first", async () => {
    await using directory = temporaryDirectory();
    const [source, target] = [join(directory.path, "source"), join(directory.path, "target")];
    for (const one of [source, target]) mkdirSync(one);
    await mounts().bindReadOnly(source, target);
    try {
      writeFileSync(join(source, "file"), "here");
      assert.equal(readFileSync(join(target, "file"), "utf8"), "here");
      assert.throws(() => writeFileSync(join(target, "file"), "there"), { code: "EROFS" });
    } finally {
      mounts().unmount(target);
    }
  });

  test("what cannot be one is refused with its reason", async () => {
    await using directory = temporaryDirectory();
    const [image, target] = [join(directory.path, "image"), join(directory.path, "target")];
    mkdirSync(target);
    await assert.rejects(makeImage(image, 1024), { code: "invalid", field: "limits.diskBytes" });
    writeFileSync(image, Buffer.alloc(1024 * 1024));
    await assert.rejects(mountImage(image, target), { code: "precondition", message: /EINVAL/ });
    await until(() => !execFileSync("losetup", ["-a"], { encoding: "utf8" }).includes(directory.path));
  });
});
