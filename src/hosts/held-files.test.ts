import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { skipUnless } from "../platform/testing/parts.ts";
import { until } from "../platform/testing/until.ts";
import { findPrograms } from "../sandboxes/namespace/availability.ts";
import type { HostSandbox } from "./host.ts";
import { openTestHost } from "./test-host.ts";

const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));

async function* bytes(...parts: readonly string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

/** What a process has open of it. */
function heldBy(pid: number | "self"): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return path.includes("/held") ? [path] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

interface Held {
  readonly sandbox: HostSandbox;
  readonly files: NonNullable<HostSandbox["files"]>;
  readonly agentPid: number;
}

async function withFiles(check: (held: Held) => Promise<void>): Promise<void> {
  await using host = await openTestHost();
  const sandbox = await host.driver("namespace").create({ id: randomUUID() });
  const { pid: agentPid } = await host.info();
  assert.ok(sandbox.files);
  await check({ sandbox, files: sandbox.files, agentPid });
  await sandbox.destroy({ graceMs: 0 });
}

describe("files of this machine's agent", { skip }, () => {
  test("are written and read by this process, and nobody has them open afterwards", () =>
    withFiles(async ({ files, agentPid }) => {
      async function* looking() {
        yield Buffer.from("one ");
        assert.equal(heldBy("self").length, 1, "it is written from here");
        yield Buffer.from("two");
      }
      assert.equal(await files.write("/tmp/held", looking()), 7);
      assert.deepEqual([heldBy("self"), heldBy(agentPid)], [[], []]);
      const { size, content } = await files.read("/tmp/held");
      assert.deepEqual([heldBy("self").length, heldBy(agentPid).length], [1, 0]);
      assert.deepEqual([size, String(await buffer(content))], [7, "one two"]);
      await until(() => heldBy("self").length === 0);
    }));

  test("a program can be run the moment it was written", () =>
    withFiles(async ({ files, sandbox }) => {
      await files.write("/tmp/held", bytes("#!/bin/sh\n", "exit 7\n"), { mode: 0o755 });
      const { code } = await (await sandbox.exec({ id: "main", argv: ["/tmp/held"] })).exited;
      assert.equal(code, 7);
    }));

  test("one that breaks off before anything came is as it was", () =>
    withFiles(async ({ files, agentPid }) => {
      await files.write("/tmp/held", bytes("old"));
      const next = () => Promise.reject(new Error("broken on purpose"));
      const breaking = { [Symbol.asyncIterator]: () => ({ next }) };
      await assert.rejects(files.write("/tmp/held", breaking), /broken on purpose/);
      assert.equal(String(await buffer((await files.read("/tmp/held")).content)), "old");
      assert.deepEqual(heldBy(agentPid), []);
    }));

  test("nothing more is written once the agent is gone", () =>
    withFiles(async ({ files, agentPid }) => {
      async function* outliving() {
        yield Buffer.from("before");
        process.kill(agentPid, "SIGKILL");
        await until(() => isGone(agentPid));
        for (;;) yield Buffer.from("after");
      }
      await assert.rejects(files.write("/tmp/held", outliving()), { code: "interrupted" });
    }));
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
