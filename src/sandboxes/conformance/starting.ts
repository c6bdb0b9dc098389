/** How processes start, and how they end. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { isYardError } from "../../platform/errors.ts";
import type { ProcessSpec } from "../sandbox.ts";
import { outputOf, type Suite } from "./suite.ts";

export function startsAndExits({ sandbox, exec, shell }: Suite): void {
  test("a process' exit code arrives as it is", async () => {
    for (const code of [0, 1, 3, 255]) {
      const { code: got, signal, at } = await (await shell(`exit ${code}`)).exited;
      assert.deepEqual({ got, signal }, { got: code, signal: null });
      assert.ok(Math.abs(Date.now() - at) < 60_000);
    }
  });

  test("a process that a signal ends has that signal and no code", async () => {
    const { code, signal } = await (await shell("kill -SEGV $$")).exited;
    assert.deepEqual({ code, signal }, { code: null, signal: "SIGSEGV" });
  });

  test("what cannot be started is refused with the field at fault, and leaves nothing", async () => {
    const refusals: { spec: Omit<ProcessSpec, "id"> & { id?: string }; field: string }[] = [
      { spec: { argv: [] }, field: "argv" },
      { spec: { argv: ["no-such-program-anywhere"] }, field: "argv" },
      { spec: { argv: ["/no/such/file"] }, field: "argv" },
      { spec: { argv: ["/etc/passwd"] }, field: "argv" },
      { spec: { argv: ["/etc"] }, field: "argv" },
      { spec: { argv: ["echo", "a\0b"] }, field: "argv" },
      { spec: { argv: ["true"], cwd: "/no/such/directory" }, field: "cwd" },
      { spec: { argv: ["true"], cwd: "/etc/passwd" }, field: "cwd" },
      { spec: { argv: ["true"], env: { A: "a\0b" } }, field: "env" },
      { spec: { argv: ["true"], env: { "A=B": "x" } }, field: "env" },
      { spec: { argv: ["true"], user: "no-such-user" }, field: "user" },
      { spec: { argv: ["true"], id: "../escape" }, field: "id" },
      { spec: { argv: ["true"], id: "x".repeat(65) }, field: "id" },
    ];
    const before = (await sandbox().processes()).length;
    for (const { spec, field } of refusals) {
      await assert.rejects(exec(spec), (error) => {
        assert.ok(isYardError(error, "invalid") || isYardError(error, "precondition"), String(error));
        assert.equal(error.field, field, error.message);
        return true;
      });
    }
    assert.equal((await sandbox().processes()).length, before);
  });

  test("the same id twice is one process, also at the same moment", async () => {
    const spec = { id: randomUUID(), argv: ["sh", "-c", "echo $$"] };
    const [one, two] = await Promise.all([exec(spec), exec(spec)]);
    assert.equal(one.pid, two.pid);
    assert.match(await outputOf(one), /^\d+\n$/); // printed once
    assert.equal((await exec(spec)).pid, one.pid);
    assert.match(await outputOf(one), /^\d+\n$/);
  });
}
