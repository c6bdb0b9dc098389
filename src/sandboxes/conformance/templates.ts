/** What sandboxes start from, and what is made of them, of drivers that have templates. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { createGzip } from "node:zlib";
import { until } from "../../platform/testing/until.ts";
import { writeTar } from "../../platform/trees/tar.ts";
import type { TreeEntry } from "../../platform/trees/tree-entry.ts";
import type { Sandbox, SandboxSpec, SandboxTemplates, Template } from "../sandbox.ts";
import { outputOf, type Suite } from "./suite.ts";

/** One program without libraries, which is all a root file system needs. */
const program = "/bin/busybox";

async function* rootEntries(): AsyncGenerator<TreeEntry> {
  const { size } = statSync(program);
  const directory = (path: string): TreeEntry => ({ type: "directory", path, mode: 0o755 });
  yield directory("bin");
  yield { type: "file", path: "bin/busybox", mode: 0o755, size, content: only(readFileSync(program)) };
  for (const name of ["sh", "cat", "env", "sleep", "ls"]) {
    yield { type: "symlink", path: `bin/${name}`, target: "busybox" };
  }
  yield directory("etc");
  yield { type: "file", path: "etc/greeting", mode: 0o644, size: 6, content: only(Buffer.from("hello\n")) };
}

async function* only(...parts: Buffer[]): AsyncGenerator<Buffer> {
  yield* parts;
}

export function keepsTemplates({ driver, isEmulated }: Suite): void {
  const nameOf = () => `t-${randomUUID().slice(0, 8)}`;
  const withTemplates = (name: string, check: (templates: SandboxTemplates) => Promise<void>) =>
    test(name, async () => {
      const { templates } = driver();
      assert.equal(templates !== undefined, driver().can.templates ?? false);
      if (templates) await check(templates);
    });
  const made = async (spec?: Omit<SandboxSpec, "id">) => {
    const sandbox = await driver().create({ id: randomUUID(), ...spec });
    return Object.assign(sandbox, { [Symbol.asyncDispose]: () => sandbox.destroy({ graceMs: 0 }) });
  };
  const shell = async (sandbox: Sandbox, script: string) =>
    outputOf(await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] }));
  const capture = async (sandbox: Sandbox, name: string): Promise<Template> =>
    (await sandbox.capture?.(name)) ?? assert.fail("it cannot be captured");

  withTemplates(
    "what a sandbox has changed is in what starts from its template, and both go on alone",
    async (templates) => {
      await using source = await made();
      await shell(source, "mkdir /data; echo one >/data/a; echo x >/data/b; rm -r /etc/profile; chmod 750 /data");
      const name = nameOf();
      const template = await capture(source, name);
      assert.equal(template.name, name);
      assert.ok(template.createdAt > 0);
      await shell(source, "echo later >/data/a; rm /data/b");
      await using fork = await made({ template: name });
      assert.equal(
        await shell(fork, "cat /data/a /data/b; ls /etc/profile 2>/dev/null; ls -ld /data | cut -c1-10"),
        "one\nx\ndrwxr-x---\n",
      );
      await shell(fork, "echo fork >/data/a; rm -r /data/b; echo new >/data/c");
      assert.equal(await shell(source, "cat /data/*"), "later\n");
      assert.ok((await templates.list()).some((one) => one.name === name));
      await templates.remove(name);
    },
  );

  withTemplates("a sandbox that is at work is captured as it is at that moment, and works on", async (templates) => {
    await using source = await made();
    const argv = ["sh", "-c", "cd /root; exec 3>>log; i=0; while :; do i=$((i+1)); echo $i >&3; sleep 0.01; done"];
    const worker = await source.exec({ id: "worker", argv });
    await until(async () => Number(await shell(source, "cat /root/log | wc -l")) > 3);
    const name = nameOf();
    await capture(source, name);
    const before = Number(await shell(source, "cat /root/log | wc -l"));
    await until(async () => Number(await shell(source, "cat /root/log | wc -l")) > before);
    assert.equal(worker.exit, undefined);
    await using fork = await made({ template: name });
    const lines = (await shell(fork, "cat /root/log")).trim().split("\n").map(Number);
    // Where a template holds the memory too, the worker goes on in what starts from it.
    assert.ok(lines.length > 3 && (driver().can.pause === "saved" || lines.length <= before));
    assert.deepEqual(
      lines,
      lines.map((_, i) => i + 1),
    );
    await templates.remove(name);
  });

  withTemplates("a paused sandbox is captured, stays paused and goes on with its files", async (templates) => {
    await using source = await made();
    await shell(source, "echo kept >/root/file");
    await source.pausing?.pause();
    const name = nameOf();
    await capture(source, name);
    await assert.rejects(source.exec({ id: "x", argv: ["true"] }), { code: "precondition" });
    await source.pausing?.resume();
    assert.equal(await shell(source, "cat /root/file"), "kept\n");
    await using fork = await made({ template: name });
    assert.equal(await shell(fork, "cat /root/file"), "kept\n");
    await templates.remove(name);
  });

  withTemplates("captures of captures keep what each has added and taken away", async (templates) => {
    const names = [nameOf()];
    const rounds = isEmulated ? 3 : 20;
    await using first = await made();
    await shell(
      first,
      "mkdir -p /work/old/deep /work/dir; echo 0 >/work/0; echo x >/work/old/deep/x; echo y >/work/dir/y",
    );
    await capture(first, names[0] ?? "");
    for (let round = 1; round <= rounds; round++) {
      await using next = await made({ template: names.at(-1) });
      // Each hides something of an earlier one: a file, a directory, a directory that is made anew.
      await shell(
        next,
        `echo ${round} >/work/${round}; rm -f /work/${round - 2}; rm -rf /work/old /work/dir; mkdir /work/dir; echo ${round} >/work/dir/new`,
      );
      names.push(nameOf());
      await capture(next, names.at(-1) ?? "");
    }
    for (const name of names.slice(0, -1)) await templates.remove(name);
    await using last = await made({ template: names.at(-1) });
    assert.equal(
      await shell(last, "ls /work; cat /work/dir/*; ls /work/dir"),
      `${rounds - 1}\n${rounds}\ndir\n${rounds}\nnew\n`,
    );
    await templates.remove(names.at(-1) ?? "");
  });

  withTemplates("what a sandbox with a limited disk has written is captured", async (templates) => {
    if (!driver().can.diskLimit) return;
    const limits = { diskBytes: 64 * 1024 * 1024 };
    await using source = await made({ limits });
    await shell(source, "head -c 1000000 /dev/urandom >/root/big; echo kept >/root/file; rm /etc/profile");
    const name = nameOf();
    const { sizeBytes } = await capture(source, name);
    assert.ok(sizeBytes >= 1_000_000, `${sizeBytes} bytes`);
    await shell(source, "echo later >/root/file");
    await using fork = await made({ template: name, limits });
    await using another = await made({ template: name });
    for (const one of [fork, another]) {
      assert.equal(
        await shell(one, "cat /root/file; ls /etc/profile 2>/dev/null; cat /root/big | wc -c"),
        "kept\n1000000\n",
      );
    }
    assert.equal(await shell(source, "cat /root/file"), "later\n");
    await templates.remove(name);
  });

  withTemplates("a template goes out of the list at once, and what started from it goes on", async (templates) => {
    const name = nameOf();
    await templates.import(name, writeTar(rootEntries()));
    await using running = await made({ template: name });
    await templates.remove(name);
    await templates.remove(name); // there is none: nothing to do
    assert.ok((await templates.list()).every((one) => one.name !== name));
    await assert.rejects(made({ template: name }), { code: "not_found", field: "template" });
    assert.equal(await shell(running, "cat /etc/greeting"), "hello\n");
  });

  withTemplates("an archive becomes a template, also a gzipped one", async (templates) => {
    for (const archive of [writeTar(rootEntries()), writeTar(rootEntries()).pipe(createGzip())]) {
      const name = nameOf();
      const { sizeBytes } = await templates.import(name, archive);
      assert.ok(sizeBytes >= statSync(program).size, `${sizeBytes} bytes`);
      await using sandbox = await made({ template: name });
      assert.equal(await shell(sandbox, "cat /etc/greeting; ls /bin/busybox"), "hello\n/bin/busybox\n");
      await templates.remove(name);
    }
  });

  withTemplates("an archive may be padded behind its end", async (templates) => {
    const name = nameOf();
    async function* padded(): AsyncGenerator<Uint8Array> {
      yield* writeTar(rootEntries()) as AsyncIterable<Buffer>;
      for (let block = 0; block < 64; block++) yield Buffer.alloc(64 * 1024);
    }
    await templates.import(name, padded());
    await templates.remove(name);
  });

  withTemplates("what is no archive, or no name, makes no template", async (templates) => {
    const before = (await templates.list()).length;
    const name = nameOf();
    await assert.rejects(templates.import(name, only(Buffer.alloc(5_000, "x"))), { code: "invalid", field: "archive" });
    const cut = (await Array.fromAsync(writeTar(rootEntries()) as AsyncIterable<Buffer>)).slice(0, 2);
    await assert.rejects(templates.import(name, only(...cut)), { code: "invalid", field: "archive" });
    for (const wrong of ["../out", ".hidden", "a b"]) {
      await assert.rejects(templates.import(wrong, writeTar(rootEntries())), { code: "invalid", field: "name" });
    }
    await assert.rejects(templates.import("minimal", writeTar(rootEntries())), { code: "conflict", field: "name" });
    await assert.rejects(templates.remove("minimal"), { code: "precondition" });
    assert.equal((await templates.list()).length, before);
    await using sandbox = await made();
    await templates.import(name, writeTar(rootEntries()));
    await assert.rejects(capture(sandbox, name), { code: "conflict", field: "name" });
    assert.equal(await shell(sandbox, "echo well"), "well\n");
    await templates.remove(name);
  });
}
