/** Programs that answer messages, as processes of a real yard: the published SDK's worker, and the shipped examples, also while the control
 *  plane is killed under them. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createYardClient, readText, type YardRequest } from "../src/client/http.ts";
import { hostHasPython } from "../src/examples.ts";
import { isYardError } from "../src/platform/errors.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { until } from "../src/platform/testing/until.ts";
import { appMesh } from "./support/appmesh.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

const skip = skipUnless(hostHasPython(), "python3", "apt-get install python3");

/** As the administrator, over TLS too. @returns the body */
async function ask(yard: RunningYard, request: Omit<YardRequest, "bytes"> & { text?: string }): Promise<string> {
  const { url, certificate, token } = yard.local;
  const client = createYardClient({ url, ca: certificate, token });
  const bytes = request.text === undefined ? undefined : Buffer.from(request.text);
  return readText(await client.request({ ...request, path: `/appmesh${request.path}`, bytes }));
}

function send(yard: RunningYard, name: string, text: string): Promise<string> {
  return ask(yard, { method: "POST", path: `/app/${name}/task`, query: { timeout: 60 }, text });
}

async function view(yard: RunningYard, name: string): Promise<{ pid?: number; status: number; task_status?: string }> {
  return JSON.parse(await ask(yard, { method: "GET", path: `/app/${name}` }));
}

test("the SDK's worker class answers messages", async () => {
  await using yard = await startYard();
  const api = appMesh(() => yard.url, yard.local.token);
  const program = join(import.meta.dirname, "programs", "sdk-worker.js");
  const command = `${process.execPath} ${program} ${yard.url}`;
  await api.expect("PUT", "/app/sdk", { body: { command, behavior: { exit: "keepalive" } } });
  for (const text of ["one", "two"]) assert.equal(await send(yard, "sdk", text), `the SDK read ${text}`);
});

test("a new yard answers a message out of the box, and its examples stay deleted", { skip }, async () => {
  await using yard = await startYard(["--examples"]);
  assert.match(await send(yard, "pytask", "import sys;print(sys.version_info)"), /^sys\.version_info\(major=3/);
  assert.equal(await send(yard, "pytask", "n = 6\nn * 7"), "42");
  assert.match(await send(yard, "pytask", "no such"), /SyntaxError/);
  const api = appMesh(() => yard.url, yard.local.token);
  const run = await api.expect("POST", "/app/syncrun", { body: { name: "pyexec", metadata: "print(6 * 7)" } });
  assert.deepEqual([run.text, run.headers.get("x-exit-code")], ["42\n", "0"]);
  assert.deepEqual([(await view(yard, "ping")).status, (await view(yard, "nodetask")).status], [0, 0]);

  await api.expect("DELETE", "/app/ping");
  await yard.stop("SIGTERM");
  await yard.start();
  await assert.rejects(view(yard, "ping"), { code: "not_found" });
  assert.equal(await send(yard, "pytask", "'still here'"), "still here");
});

test("nodetask evaluates what it is sent, and answers an error with its text", async () => {
  await using yard = await startYard(["--examples"]);
  await ask(yard, { method: "POST", path: "/app/nodetask/enable" });
  assert.equal(await send(yard, "nodetask", "6 * 7"), "42");
  assert.equal(await send(yard, "nodetask", "Promise.resolve('later')"), "later");
  assert.match(await send(yard, "nodetask", "nonsense()"), /ReferenceError: nonsense is not defined/);
  assert.equal(await send(yard, "nodetask", "({ a: [1] })"), "{ a: [ 1 ] }");
});

/** Says in a file that it has begun, and goes on when another is there. */
const slowPrograms = {
  nodetask: (begun: string, go: string) =>
    `const fs = require("fs"); fs.writeFileSync(${JSON.stringify(begun)}, "");
     const wait = () => fs.existsSync(${JSON.stringify(go)}) ? "to the first" : new Promise((r) => setTimeout(r, 10)).then(wait);
     wait()`,
  pytask: (begun: string, go: string) =>
    `import os, time; open(${JSON.stringify(begun)}, "w").close()
while not os.path.exists(${JSON.stringify(go)}): time.sleep(0.01)
"to the first"`,
} as const;

for (const scheme of ["http", "self-signed https"] as const) {
  test(`kill -9 of the control plane in the middle of a message, over ${scheme}: no reply is lost or given to another`, {
    skip,
  }, async () => {
    await using yard = await startYard(["--examples", ...(scheme === "http" ? [] : ["--tls", "self-signed"])]);
    await ask(yard, { method: "POST", path: "/app/nodetask/enable" });
    for (const name of ["nodetask", "pytask"] as const) {
      const [begun, go] = [join(yard.data, `${name}-begun`), join(yard.data, `${name}-go`)];
      const first = send(yard, name, slowPrograms[name](begun, go));
      first.catch(() => {});
      await until(() => existsSync(begun), { what: `${name} has fetched the message` });
      const { pid } = await view(yard, name);

      await yard.kill();
      await assert.rejects(first, (error) => isYardError(error, "unavailable"), "its sender knows");
      await yard.start(); // on another port

      const second = send(yard, name, '"to the second"');
      await until(async () => (await view(yard, name)).task_status === "busy");
      writeFileSync(go, "");
      assert.equal(await second, "to the second");
      assert.equal((await view(yard, name)).pid, pid, "the worker itself was not touched");
      const said = await ask(yard, { method: "GET", path: `/app/${name}/output` });
      assert.match(said, /the reply was not taken/);
    }
  });
}
