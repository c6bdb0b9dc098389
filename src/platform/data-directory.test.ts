import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDataDirectory } from "./data-directory.ts";
import { isYardError, type YardErrorCode } from "./errors.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { withoutRootRights } from "./testing/without-root.ts";

const refuses = (path: string, code: YardErrorCode, message: RegExp) =>
  assert.throws(
    () => openDataDirectory(path),
    (error) => {
      assert.ok(isYardError(error, code), String(error));
      assert.match(error.message, message);
      assert.ok(error.message.includes(path) && !error.message.includes("\n"));
      return true;
    },
  );

test("a missing directory is made, with all that goes in it, for its owner only", () => {
  using temporary = temporaryDirectory();
  const path = join(temporary.path, "deep", "yard");
  using directory = openDataDirectory(path);
  assert.equal(directory.path, path);
  for (const made of [path, directory.blobs, directory.keys, directory.tls, directory.agent]) {
    assert.equal(statSync(made).mode & 0o777, 0o700, made);
  }
});

test("a second yard is refused with the pid of the first, until that one lets go", () => {
  using temporary = temporaryDirectory();
  {
    using _first = openDataDirectory(temporary.path);
    refuses(temporary.path, "unavailable", new RegExp(`in use by another yard \\(process ${process.pid}\\)`));
  }
  assert.equal(existsSync(join(temporary.path, "lock.pid")), false);
  using _second = openDataDirectory(temporary.path);
});

test("another process' lock holds while it lives, and a kill -9 releases it", async () => {
  using temporary = temporaryDirectory();
  const source = `
    import { openDataDirectory } from ${JSON.stringify(import.meta.resolve("./data-directory.ts"))};
    globalThis.held = openDataDirectory(${JSON.stringify(temporary.path)});
    console.log("held");
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(holder, "exit");
  await once(holder.stdout, "data");
  refuses(temporary.path, "unavailable", new RegExp(`process ${holder.pid}\\)`));
  holder.kill("SIGKILL");
  await exited;
  using _ours = openDataDirectory(temporary.path);
  assert.equal(readFileSync(join(temporary.path, "lock.pid"), "utf8"), `${process.pid}\n`);
});

test("a directory that may not be written, and one that may not be made, are refused", () => {
  using temporary = temporaryDirectory();
  chmodSync(temporary.path, 0o555);
  using _powerless = withoutRootRights();
  refuses(temporary.path, "unavailable", /cannot be written/);
  refuses(join(temporary.path, "below"), "unavailable", /cannot be written/);
});

test("a file in its place is refused", () => {
  using temporary = temporaryDirectory();
  const file = join(temporary.path, "file");
  writeFileSync(file, "");
  refuses(file, "precondition", /not a directory/);
  refuses(join(file, "below"), "precondition", /not a directory/);
});

test("a directory has an id of its own, which it keeps", () => {
  using one = temporaryDirectory();
  using two = temporaryDirectory();
  const idOf = (path: string) => {
    using data = openDataDirectory(path);
    return data.id;
  };
  assert.match(idOf(one.path), /^host_[0-9a-z]{26}$/);
  assert.equal(idOf(one.path), idOf(one.path));
  assert.notEqual(idOf(one.path), idOf(two.path));
  writeFileSync(join(one.path, "id"), "");
  assert.throws(() => idOf(one.path), { code: "precondition", message: /damaged/ });
});
