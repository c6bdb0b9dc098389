/** What a task prints while it runs, from its worker to who looks at it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { tokenOf } from "./support/appmesh.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

interface Ends {
  readonly isRunning: boolean;
  readonly stdout: { readonly position: number; readonly bytes: string };
  readonly stderr: { readonly position: number; readonly bytes: string };
}

let yard: RunningYard;
let token: string;
before(async () => {
  yard = await startYard(["--worker-slots", "2"]);
  token = await tokenOf(yard.url, "admin", adminPassword);
});
after(() => yard?.[Symbol.asyncDispose]());

async function ask<Body>(method: string, path: string, body?: object): Promise<Body> {
  const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
  const reply = await fetch(yard.url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
  return (await reply.json()) as Body;
}

const submit = async (command: string) =>
  (
    await ask<{ uuid: string }>("POST", "/tasks", {
      ...{ group_name: "admin", tags: [], labels: [], timeout: "10m", priority: 0 },
      task_spec: { args: ["/bin/sh", "-c", command], terminal_output: true },
    })
  ).uuid;

/** Looks as the console does. */
function createLooker(uuid: string) {
  const seen = { stdout: "", stderr: "" };
  const next = { stdout: 0, stderr: 0 };
  return {
    seen,
    async look(): Promise<boolean> {
      const ends = await ask<Ends>("GET", `/yard/v1/tasks/${uuid}/output?stdout=${next.stdout}&stderr=${next.stderr}`);
      for (const name of ["stdout", "stderr"] as const) {
        const bytes = Buffer.from(ends[name].bytes, "base64");
        if (bytes.length === 0) continue;
        assert.equal(ends[name].position, next[name]);
        next[name] += bytes.length;
        seen[name] += bytes.toString();
      }
      return ends.isRunning;
    },
  };
}

test("each byte is seen once and in order, also by who comes later", async () => {
  using directory = temporaryDirectory();
  const enough = join(directory.path, "enough");
  const count = `while [ ! -e ${enough} ]; do i=$((i+1)); echo line $i; sleep 0.05; done`;
  const uuid = await submit(`i=0; ${count}; echo bad >&2; sleep 300`);
  const [first, second] = [createLooker(uuid), createLooker(uuid)];
  await until(
    async () => {
      await first.look();
      return first.seen.stdout.includes("line 5\n");
    },
    { timeoutMs: 30_000 },
  );
  await until(
    async () => {
      await Promise.all([first.look(), second.look()]);
      return second.seen.stdout.includes("line 20\n");
    },
    { timeoutMs: 30_000 },
  );
  writeFileSync(enough, "");
  await until(
    async () => {
      await Promise.all([first.look(), second.look()]);
      return first.seen.stderr === "bad\n" && second.seen.stderr === "bad\n";
    },
    { timeoutMs: 30_000 },
  );
  const lines = first.seen.stdout.trim().split("\n");
  assert.deepEqual(
    lines,
    lines.map((_, at) => `line ${at + 1}`),
  );
  assert.equal(second.seen.stdout, first.seen.stdout);
  await fetch(`${yard.url}/tasks/${uuid}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  await until(async () => !(await first.look()));
});

test("a task that is not there, or does not run, prints nothing", async () => {
  const looker = createLooker("00000000-0000-0000-0000-000000000000");
  assert.equal(await looker.look(), false);
  const bad = await fetch(`${yard.url}/yard/v1/tasks/x/output?stdout=-1`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(bad.status, 400);
  assert.match(await bad.text(), /stdout/);
});
