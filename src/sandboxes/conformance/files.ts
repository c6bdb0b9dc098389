/** Files of a sandbox that has its own: what the agent does to them, and that nothing leads out. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import type { SandboxFiles } from "../sandbox.ts";
import { outputOf, type Suite } from "./suite.ts";

async function* bytes(...parts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

async function textOf(files: SandboxFiles, path: string): Promise<string> {
  const { content } = await files.read(path);
  return (await buffer(content)).toString();
}

export function keepsFiles({ driver, sandbox, shell, isEmulated }: Suite): void {
  const withFiles = (name: string, check: (files: SandboxFiles, base: string) => Promise<void>) =>
    test(name, async () => {
      const { files } = sandbox();
      assert.equal(files !== undefined, driver().can.ownFiles);
      if (files) await check(files, `/tmp/${randomUUID()}`);
    });

  withFiles("a file is written with its directories, read, and the same inside", async (files, base) => {
    assert.equal(await files.write(`${base}/a/b.bin`, bytes("one ", Buffer.from([0, 255]))), 6);
    const { size, content } = await files.read(`${base}/a/b.bin`);
    assert.deepEqual([size, ...(await buffer(content))], [6, ...Buffer.from("one "), 0, 255]);
    const listed = await outputOf(await shell(`stat -c '%u %g %a %s' ${base}/a ${base}/a/b.bin | cut -d' ' -f1-3`));
    assert.equal(listed, "0 0 755\n0 0 644\n");
    const { name, path, type, mode, uid } = await files.stat(`${base}/a/b.bin`);
    assert.deepEqual([name, path, type, mode, uid], ["b.bin", `${base}/a/b.bin`, "file", 0o644, 0]);
  });

  withFiles("what is written over keeps its mode and has nothing of its old content", async (files, base) => {
    await outputOf(await shell(`mkdir ${base} && echo a long old text >${base}/x && chmod 750 ${base}/x`));
    await files.write(`${base}/x`, bytes("new"));
    assert.equal(await textOf(files, `${base}/x`), "new");
    assert.equal((await files.stat(`${base}/x`)).mode, 0o750);
  });

  withFiles("a large file goes in and out as it is, by itself and beside others", async (files, base) => {
    const pieces = Array.from({ length: isEmulated ? 2 : 24 }, (_, i) => Buffer.alloc(1024 * 1024 - i, i + 1));
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    await Promise.all(
      ["one", "two"].map(async (name) => {
        assert.equal(await files.write(`${base}/${name}`, bytes(...pieces)), size);
        const { content, size: told } = await files.read(`${base}/${name}`);
        assert.equal(told, size);
        assert.ok((await buffer(content)).equals(Buffer.concat(pieces)));
      }),
    );
  });

  withFiles("what breaks off while it is written is an error, and so is its cause", async (files, base) => {
    async function* breaking() {
      yield Buffer.from("x");
      throw new Error("broken on purpose");
    }
    await assert.rejects(files.write(`${base}/half`, breaking()), /broken on purpose/);
    assert.equal(await files.write(`${base}/half`, bytes("whole")), 5);
    assert.equal(await textOf(files, `${base}/half`), "whole");
  });

  withFiles("a reader that leaves in the middle leaves the file alone", async (files, base) => {
    await files.write(`${base}/big`, bytes(Buffer.alloc(4 * 1024 * 1024)));
    const { content } = await files.read(`${base}/big`);
    await once(content, "readable");
    content.destroy();
    assert.equal((await files.stat(`${base}/big`)).size, 4 * 1024 * 1024);
  });

  withFiles("a list goes as deep as was asked, by name, and has a bound", async (files, base) => {
    await outputOf(await shell(`mkdir -p ${base}/b/c ${base}/a; touch ${base}/b/c/d; ln -s /etc ${base}/link`));
    const paths = async (depth: number) =>
      (await files.list(base, { depth, maxEntries: 100 })).map(({ path, type }) => [path.slice(base.length), type]);
    const shallow = [
      ["/a", "directory"],
      ["/b", "directory"],
      ["/link", "symlink"],
    ];
    assert.deepEqual(await paths(1), shallow);
    assert.deepEqual(await paths(3), [
      ...shallow.slice(0, 2),
      ["/b/c", "directory"],
      ["/b/c/d", "file"],
      ...shallow.slice(2),
    ]);
    assert.equal((await files.stat(`${base}/link`)).target, "/etc");
    await assert.rejects(files.list(base, { depth: 3, maxEntries: 3 }), { code: "too_large" });
  });

  withFiles("directories are made and moved, and removed with all that is in them", async (files, base) => {
    assert.equal((await files.makeDirectory(`${base}/x/y`)).type, "directory");
    await assert.rejects(files.makeDirectory(`${base}/x/y`), { code: "conflict" });
    await files.write(`${base}/x/y/file`, bytes("z"));
    await assert.rejects(files.makeDirectory(`${base}/x/y/file`), { code: "invalid", field: "path" });
    await files.move(`${base}/x`, `${base}/w`);
    assert.equal(await textOf(files, `${base}/w/y/file`), "z");
    await files.remove(base);
    await assert.rejects(files.stat(base), { code: "not_found" });
    await files.remove(base); // not there: nothing to do
  });

  withFiles("what cannot be meant is refused", async (files, base) => {
    await outputOf(await shell(`mkdir ${base}; mkfifo ${base}/pipe; ln -s loop ${base}/loop; touch ${base}/file`));
    const refusals = [
      [() => files.read(base), "invalid"],
      [() => files.read(`${base}/pipe`), "invalid"],
      [() => files.write(`${base}/pipe`, bytes("x")), "invalid"],
      [() => files.write(base, bytes("x")), "invalid"],
      [() => files.read(`${base}/loop`), "invalid"],
      [() => files.read(`${base}/none`), "not_found"],
      [() => files.read(`${base}/file/below`), "invalid"],
      [() => files.read("relative"), "invalid"],
      [() => files.read("/a\0b"), "invalid"],
      [() => files.remove("/"), "invalid"],
      [() => files.move(`${base}/none`, `${base}/there`), "not_found"],
    ] as const;
    for (const [refused, code] of refusals) await assert.rejects(refused, { code }, String(refused));
  });

  withFiles("links and dots lead nowhere but inside", async (files, base) => {
    await outputOf(
      await shell(
        `mkdir ${base}; echo inside >/etc/hostname-of-the-test; ln -s / ${base}/root; ln -s ../../../../../.. ${base}/up`,
      ),
    );
    for (const way of ["", `${base}/root`, `${base}/up`, "/../../..", `${base}/../../../..`]) {
      assert.equal(await textOf(files, `${way}/etc/hostname-of-the-test`), "inside\n");
    }
    await outputOf(await shell(`ln -s ${process.cwd()} ${base}/host; ln -s /proc/self/root ${base}/proc`));
    await assert.rejects(files.stat(`${base}/host/package.json`), { code: "not_found" });
    await assert.rejects(files.read(`${base}/proc/etc/shadow`), { code: "not_found" });
  });

  withFiles("a link that is swapped in all the time opens no way out", async (files, base) => {
    const canary = `${base}/out/canary`;
    await outputOf(await shell(`mkdir -p ${base}/d ${base}/out; echo canary >${canary}; ln -s ${base}/out ${base}/l`));
    // The name `d` is by turns a directory and a link to one that must keep its content.
    const script = `cd ${base}; while :; do mv -T d t; mv -T l d; mv -T d l; mv -T t d; done 2>/dev/null`;
    const racer = await shell(script);
    for (let round = 0; round < (isEmulated ? 30 : 300); round++) {
      await files.write(`${base}/d/file`, bytes("x")).catch(() => {});
      await files.remove(`${base}/d`).catch(() => {});
      await files.makeDirectory(`${base}/d`).catch(() => {});
    }
    await racer.stop({ graceMs: 0 });
    assert.equal(await textOf(files, canary), "canary\n");
  });
}
