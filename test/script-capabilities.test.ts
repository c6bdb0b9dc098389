/** What scripts of a whole yard may reach: by its policy and the caller, and the files they mount. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { tokenOf } from "./support/appmesh.ts";
import { type Scripts, scriptsOf } from "./support/scripts.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

let parts: AsyncDisposableStack;
let yard: OpenedYard;
let policy: string;
let scripts: Scripts;
let port: number;

before(async () => {
  parts = new AsyncDisposableStack();
  const server = createServer((_, response) => void response.end("hello")).listen(0, "127.0.0.1");
  parts.defer(() => void server.close());
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  policy = join(parts.use(temporaryDirectory()).path, "policy.yaml");
  writeFileSync(policy, `fetch: { allow: [{ name: local, hosts: ["127.0.0.1:${port}"] }] }`);
  yard = parts.use(await openTestYard({ "scripts-policy": policy, "scripts-engines": "1" }));
  const token = await tokenOf(yard.url, "admin", adminPassword);
  scripts = scriptsOf(() => yard.url, token);
});
after(() => parts.disposeAsync());

test("a user's script fetches what the policy grants, and nothing else", async () => {
  const granted = await scripts.run(`await (await fetch("http://127.0.0.1:${port}/")).text()`);
  assert.deepEqual([granted.status, granted.result, granted.error], ["completed", '"hello"', null]);
  const denied = await scripts.run(`await fetch("${yard.url}/metrics")`);
  assert.equal(denied.status, "failed");
  assert.match(
    denied.error ?? "",
    /^Error: fetch denied by policy: GET http:\/\/127\.0\.0\.1:\d+\/metrics is not allowed: no rule/,
  );
});

test("a script of whoever needs no token has no fetch, whatever the policy grants", async () => {
  assert.equal((await scriptsOf(() => yard.url).run("typeof fetch")).result, '"undefined"');
});

test("the policy is followed while the yard runs", async () => {
  const usable = `fetch: { allow: [{ name: local, hosts: ["127.0.0.1:${port}"] }] }`;
  writeFileSync(policy, "fetch: { allow: [] }");
  const text = `await fetch("http://127.0.0.1:${port}/").then((r) => r.status, (e) => e.message)`;
  await until(async () => /no rule of fetch\.allow/.test((await scripts.run(text)).result ?? ""));
  writeFileSync(policy, usable);
  await until(async () => (await scripts.run(text)).result === "200");
});

test("a script changes a label's files into a new snapshot, and the label stays until it is pushed", async () => {
  const first = await scripts.run("await fs.writeFile('notes/a.txt', 'one')", { fs: "work" });
  assert.equal(first.status, "completed");
  assert.match(first.fs ?? "", /^[0-9a-f]{64}$/);
  assert.equal((await scripts.run("await fs.exists('notes/a.txt')", { fs: "work" })).result, "false");
  await scripts.ask("fs/push", { label: "work", ca_id: first.fs });
  const second = await scripts.run(
    "await fs.appendFile('notes/a.txt', ' two'); await fs.readFile('notes/a.txt', 'utf8')",
    {
      fs: "work",
    },
  );
  assert.equal(second.result, '"one two"');
  assert.notEqual(second.fs, first.fs);
});

test("a script that fails or mounts nothing leaves no snapshot", async () => {
  const failed = await scripts.run("await fs.writeFile('a', 'b'); throw new Error('no')", { fs: "work" });
  assert.deepEqual([failed.status, failed.fs], ["failed", null]);
  const without = await scripts.run("typeof fs");
  assert.deepEqual([without.result, without.fs], ['"undefined"', null]);
  const unknown = await scripts.run("1", { fs: "ab".repeat(32) });
  assert.equal(unknown.status, "failed");
  assert.match(unknown.error ?? "", /^fs mount: /);
});

test("a session goes on with the files that its last run left", async () => {
  const first = await scripts.run("await fs.writeFile('count', '1')", { fs: "nothing yet", session: "files" });
  assert.equal(first.status, "completed");
  const next = await scripts.run("await fs.appendFile('count', '2'); await fs.readFile('count', 'utf8')", {
    session: "files",
  });
  assert.equal(next.result, '"12"');
  assert.equal((await scripts.run("await fs.readFile('count', 'utf8')", { session: "files" })).fs, next.fs);
  assert.equal((await scripts.run("typeof fs", { session: "another" })).fs, null);
});

test("a policy that cannot be used keeps the yard from starting, with file, line and reason", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "policy.yaml");
  writeFileSync(path, "fetch:\n  allow: []\n  alow: []");
  await assert.rejects(openTestYard({ "scripts-policy": path }), ({ message }: Error) =>
    message.includes(`${path}:3: fetch.alow: alow is no key of a policy here`),
  );
});
