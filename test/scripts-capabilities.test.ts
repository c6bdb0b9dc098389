/** What scripts of a whole yard may reach beside files and the web: modules of elsewhere, programs of its host, tools of other MCP servers. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { type ModuleServer, serveModules } from "../src/scripts/modules/testing.ts";
import { tokenOf } from "./support/appmesh.ts";
import { scriptsOf } from "./support/scripts.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

let parts: AsyncDisposableStack;
let modules: ModuleServer;
let yard: OpenedYard;
let policy: string;
let admin: string;

before(async () => {
  parts = new AsyncDisposableStack();
  modules = parts.use(
    await serveModules({
      "/pack@1": (_, response) => void response.writeHead(302, { location: "/pack@1.0.0" }).end(),
      "/pack@1.0.0": "import { n } from '/inner.mjs'; export const count = () => ++n.value;",
      "/inner.mjs": "export const n = { value: 40 };",
    }),
  );
  policy = join(parts.use(temporaryDirectory()).path, "policy.yaml");
  writeFileSync(policy, "");
  yard = parts.use(await openTestYard({ "scripts-policy": policy, "scripts-engines": "1" }));
  admin = await tokenOf(yard.url, "admin", adminPassword);
  grantEverything();
  await until(async () => (await run("typeof mcp")).result === '"object"');
});
after(() => parts.disposeAsync());

/** The yard is an MCP server, too: it is the other one here. */
function grantEverything(): void {
  writeFileSync(
    policy,
    `modules:
  bases: { npm: "http://127.0.0.1:${modules.port}/" }
  allow:
    - { name: packs, packages: ["npm:pack@1"] }
subprocess:
  allow:
    - { name: words, programs: [echo], arguments: [["..."]] }
mcp:
  servers:
    - name: yard
      url: ${yard.url.replace("localhost", "127.0.0.1")}/mcp
      headers: { authorization: "Bearer ${admin}" }
      tools: [run_js, get_execution]
`,
  );
}

const run = (code: string, more: object = {}) => scriptsOf(() => yard.url, admin).run(code, more);

test("a script imports a package, once for all scripts, and goes on with it in a saved memory", async () => {
  const first = await run(`import { count } from "npm:pack@1"; globalThis.count = count; count()`);
  assert.deepEqual([first.status, first.result, first.error], ["completed", "41", null]);
  const asked = modules.asked.length;
  assert.equal((await run(`import { count } from "npm:pack@1"; count()`)).result, "41");
  assert.equal((await run("count()", { heap: first.heap })).result, "42");
  assert.equal(modules.asked.length, asked, "nothing is fetched again");
  const denied = await run(`import "npm:other"`);
  assert.equal(denied.status, "failed");
  assert.match(denied.error ?? "", /Module import denied by policy: npm:other is not allowed: no rule/);
});

test("a script runs a program of the yard's host, and no other", async () => {
  assert.equal(
    (await run(`new TextDecoder().decode((await new Deno.Command("echo", { args: ["hello"] }).output()).stdout)`))
      .result,
    '"hello\\n"',
  );
  const denied = await run(`await child_process.exec("echo hello")`);
  assert.match(denied.error ?? "", /^Error: subprocess\.exec denied by policy: 'echo hello' is not allowed: no rule/);
});

test("a script calls another server's tools, and no others", async () => {
  const called = await run(`
    const said = async (tool, args) => JSON.parse((await mcp.callTool("yard", tool, args)).content[0].text);
    const names = (await mcp.listTools("yard")).map(({ name }) => name).sort();
    const { execution_id } = await said("run_js", { code: "6 * 7" });
    [mcp.servers, names, typeof execution_id]`);
  assert.deepEqual(JSON.parse(called.result ?? "null"), [["yard"], ["get_execution", "run_js"], "string"]);
  const denied = await run(`await mcp.callTool("yard", "list_executions")`);
  assert.match(denied.error ?? "", /^Error: mcp\.callTool denied by policy: yard\.list_executions is not allowed/);
});

test("another user has the same grants and nothing of the first one's; whoever needs no token has none", async () => {
  await yard.yard.identity.users.create({ username: "second", password: "a good password", roles: ["shell", "view"] });
  const second = await tokenOf(yard.url, "second", "a good password");
  const own = await scriptsOf(() => yard.url, second).run(
    `import { count } from "npm:pack@1"; [typeof globalThis.count, count()]`,
  );
  assert.deepEqual([own.status, own.result], ["completed", '["undefined",41]']);
  const open = await scriptsOf(() => yard.url).run(
    "[typeof mcp, typeof Deno, typeof child_process, await import('npm:pack@1').catch((e) => e.message)]",
  );
  assert.deepEqual(JSON.parse(open.result ?? "null"), [
    ...["undefined", "undefined", "undefined"],
    "External module imports are disabled",
  ]);
});

test("what the policy takes away is gone while the yard runs", async () => {
  writeFileSync(policy, "modules: { allow: [] }\nmcp: { servers: [] }");
  const attempt = `await import("npm:pack@1").then(() => "there", (error) => error.message)`;
  await until(async () => /names no base for npm:/.test((await run(attempt)).result ?? ""));
  assert.equal((await run("typeof Deno")).result, '"undefined"');
  grantEverything();
  await until(async () => (await run(attempt)).result === '"there"');
});
