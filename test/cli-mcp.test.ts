import assert from "node:assert/strict";
import test from "node:test";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { checkoutLauncher, openHome } from "./support/home.ts";
import { connectMcp, connectMcpThrough, type Generation, generations } from "./support/mcp.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

/** `runyard mcp`, started by the protocol's own library as models' programs start it. */
function throughStdio({ data }: Pick<RunningYard, "data">, generation: Generation, args: readonly string[] = []) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [checkoutLauncher, "mcp", ...args],
    env: { PATH: process.env.PATH ?? "", HOME: data, RUNYARD_DATA: data },
    stderr: "inherit",
  });
  return connectMcpThrough(transport, generation);
}

test("a conversation goes on after a restart of the yard, over HTTP and over standard input and output", async () => {
  await using yard = await startYard();
  const { token } = yard.local;
  await using legacy = await throughStdio(yard, "legacy", ["--session", "diary"]);
  await using modern = await throughStdio(yard, "modern");
  const { heap } = await modern.run("globalThis.begun = new Date(0); globalThis.next = () => begun.getTime() + 1");
  await legacy.run("globalThis.days = ['monday']");
  await using before = await connectMcp(yard.url, { token });
  const { execution_id } = await before.run("console.log('still here')");

  await yard.kill();
  await yard.start();

  assert.equal((await legacy.run("days.push('tuesday'); days.length")).result, "2");
  assert.equal((await modern.run("next()", { heap })).result, "1");
  await using after = await connectMcp(yard.url, { token, session: "diary" });
  assert.equal((await after.run("days.join()")).result, '"monday,tuesday"');
  const page = await after.call("get_execution_output", { execution_id });
  assert.equal(page.data, "still here");
});

for (const generation of generations)
  test(`a ${generation} call that the yard dies under is answered, and the next one too`, async () => {
    await using yard = await startYard();
    await using mcp = await throughStdio(yard, generation);
    const call = mcp.client.callTool({ name: "run_command", arguments: { command: ["sleep", "30"] } });
    const refused = assert.rejects(call);
    await mcp.call("list_sessions"); // the call before it is on its way
    await yard.kill();
    await refused;
    await assert.rejects(mcp.client.callTool({ name: "list_sessions" }), /cannot connect/);
    await yard.start();
    assert.deepEqual(await mcp.call("list_sessions"), { sessions: [] });
  });

test("without a yard it says so in one line", async () => {
  using home = openHome();
  const ended = await home.runyard(["mcp"]);
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^runyard: no yard is known here/);
  assert.equal(ended.stdout, "");
});
