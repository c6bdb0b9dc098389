import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { connectMcp, generations } from "../../../test/support/mcp.ts";
import { type OpenedYard, openTestYard } from "../../../test/support/yard-in-process.ts";
import { until } from "../../platform/testing/until.ts";

let opened: OpenedYard;
before(async () => {
  opened = await openTestYard({ "scripts.engines": "1", "mcp.mode": "stateless" });
});
after(() => opened[Symbol.asyncDispose]());

/** Of all scripts of callers without a token, the newest first. */
async function statusesAt(url: string): Promise<string[]> {
  const reply = await fetch(`${url}/api/executions`);
  const { executions } = (await reply.json()) as { executions: readonly { status: string }[] };
  return executions.map(({ status }) => status);
}

for (const generation of generations) {
  test(`stateless, the ${generation} protocol has one tool for scripts, which waits`, async () => {
    await using mcp = await connectMcp(opened.url, { generation });
    const { tools } = await mcp.client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["run_js"],
    );
    assert.deepEqual(await mcp.call("run_js", { code: "console.log('a'); console.log('b'); 6 * 7" }), {
      output: "a\nb",
      result: "42",
    });
    const failed = await mcp.call("run_js", { code: "console.log('before'); throw new Error('no good')" });
    assert.equal(failed.output, "before");
    assert.match(String(failed.error), /no good/);
    assert.match(
      String((await mcp.call("run_js", { code: "for (;;) {}", execution_timeout_secs: 1 })).error),
      /timed out/,
    );
    assert.match(String((await mcp.call("run_js", {})).error), /code/);
    assert.deepEqual(await mcp.call("run_js", { code: "typeof globalThis.left; globalThis.left = 1" }), {
      output: "",
      result: "1",
    });
    assert.equal((await mcp.call("run_js", { code: "typeof left" })).result, '"undefined"');
  });

  test(`the script of a ${generation} call that is taken back is ended`, async () => {
    await using mcp = await connectMcp(opened.url, { generation });
    const statuses = () => statusesAt(opened.url);
    const before = (await statuses()).length;
    const leaving = new AbortController();
    const call = mcp.client.callTool(
      { name: "run_js", arguments: { code: "await new Promise((done) => setTimeout(done, 60_000))" } },
      { signal: leaving.signal },
    );
    const refused = assert.rejects(call);
    await until(async () => (await statuses()).length > before, { what: "the script has begun" });
    leaving.abort();
    await refused;
    await until(async () => (await statuses())[0] === "cancelled", { what: "the script is cancelled" });
  });
}

for (const generation of generations)
  test(`a yard that stops does not wait for the script of a ${generation} call`, async () => {
    const stopping = await openTestYard({ "mcp.mode": "stateless" });
    await using closing = new AsyncDisposableStack();
    closing.use(stopping);
    await using mcp = await connectMcp(stopping.url, { generation });
    const call = mcp.call("run_js", {
      code: "console.log('begun'); await new Promise((done) => setTimeout(done, 60_000))",
    });
    const ended = Promise.allSettled([call]);
    await until(async () => (await statusesAt(stopping.url)).length > 0, { what: "the script has begun" });
    const from = performance.now();
    await closing.disposeAsync();
    await ended;
    assert.ok(performance.now() - from < 10_000, "it took as long as the script would");
  });
