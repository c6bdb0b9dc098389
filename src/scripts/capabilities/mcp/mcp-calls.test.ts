import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import {
  createMcpHandler,
  isLegacyRequest,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { createLog } from "../../../platform/log.ts";
import { until } from "../../../platform/testing/until.ts";
import { openTestPool, type TestPool } from "../../engine/testing.ts";
import { toHere } from "../../modules/testing.ts";
import { createCapabilities } from "../capabilities.ts";
import { type Policy, parsePolicy } from "../policy.ts";

const log = createLog({ level: "silent" });
const megabyte = 1024 ** 2;

/** A schema that would be expensive to believe in. */
const object = { type: "object" as const };
const wicked = { type: "object" as const, properties: { text: { type: "string", pattern: "(a+)+$(" } } };
const tools = [
  { name: "echo", description: "says it again", inputSchema: object },
  { name: "fail", inputSchema: object },
  { name: "large", inputSchema: object },
  { name: "never", inputSchema: object },
  { name: "typed", inputSchema: object, outputSchema: wicked },
  { name: "hidden", inputSchema: object },
];

function createTools(): Server {
  const server = new Server({ name: "tools", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", async () => ({ tools }));
  server.setRequestHandler("tools/call", async ({ params: { name, arguments: given } }) => {
    if (name === "fail") return { content: [{ type: "text", text: "it went wrong" }], isError: true };
    if (name === "large") return { content: [{ type: "text", text: "x".repeat(2 * megabyte) }] };
    if (name === "typed") return { content: [], structuredContent: { text: "a".repeat(50) } };
    if (name === "never") return await new Promise<never>(() => {});
    if (name === "echo") return { content: [{ type: "text", text: JSON.stringify(given) }] };
    throw new Error(`there is no ${name}`);
  });
  return server;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
interface Served extends Disposable {
  readonly port: number;
  readonly asked: IncomingMessage[];
}

async function serve(answer: Answer): Promise<Served> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    asked,
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The protocol's own server, for either of its generations. */
function answerTools(generation: "legacy" | "modern"): Answer {
  const modern = createMcpHandler(createTools, { legacy: "reject" });
  async function respond(request: Request): Promise<Response> {
    if (generation === "modern") return await modern.fetch(request);
    if (!(await isLegacyRequest(request.clone()))) return new Response("unknown method", { status: 400 });
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await createTools().connect(transport);
    return await transport.handleRequest(request);
  }
  return async (request, response) => {
    const { method = "GET", headers } = request;
    const body = await buffer(request);
    const given = new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const asWeb = new Request(new URL(request.url ?? "", "http://tools.test"), {
      ...{ method, headers: given },
      body: method === "POST" ? body : undefined,
    });
    const { status, headers: answered, body: content } = await respond(asWeb);
    response.writeHead(status, Object.fromEntries(answered));
    if (content !== null) for await (const chunk of content) response.write(chunk);
    response.end();
  };
}

let engine: TestPool;
before(() => {
  engine = openTestPool();
});
after(() => engine[Symbol.asyncDispose]());

const policyFor = ({ port }: { port: number }, more = "networks: [127.0.0.1]"): Policy =>
  parsePolicy(
    "policy.yaml",
    `mcp:
  timeout-seconds: 1
  max-response-mib: 1
  servers:
    - name: tools
      url: http://tools.test:${port}/mcp
      headers: { authorization: Bearer secret }
      tools: [echo, fail, large, never, "ty*"]
      ${more}`,
  );

function run(source: string, policy: Policy | (() => Policy), options: Parameters<TestPool["run"]>[1] = {}) {
  const current = typeof policy === "function" ? policy : () => policy;
  const capabilities = createCapabilities({ policy: current, resolve: toHere, maxAnswerBytes: 8 * megabyte, log });
  return engine.run(source, { capabilities, ...options });
}

async function resultOf(source: string, policy: Policy | (() => Policy)): Promise<unknown> {
  const { failure, value } = await run(source, policy);
  assert.equal(failure, undefined);
  return value;
}

const toldOf = (call: string, policy: Policy | (() => Policy)) =>
  resultOf(`await ${call}.then(() => "answered", (error) => error.message)`, policy);

for (const generation of ["legacy", "modern"] as const)
  describe(`a server of the protocol's ${generation} generation`, () => {
    let server: Served;
    before(async () => {
      server = await serve(answerTools(generation));
    });
    after(() => server[Symbol.dispose]());

    test("lists the tools that are granted, and answers their calls", async () => {
      const found = await resultOf(
        `[mcp.servers, (await mcp.listTools("tools")).map(({ server, name }) => server + "." + name), (await mcp.listTools())[0],
          JSON.parse((await mcp.callTool("tools", "echo", { a: [1] })).content[0].text)]`,
        policyFor(server),
      );
      assert.deepEqual(found, [
        ["tools"],
        ["tools.echo", "tools.fail", "tools.large", "tools.never", "tools.typed"],
        { server: "tools", name: "echo", description: "says it again", inputSchema: { type: "object" } },
        { a: [1] },
      ]);
      assert.ok(server.asked.every(({ headers }) => headers.authorization === "Bearer secret"));
    });

    test("is connected to once for one execution, whoever asks meanwhile", async () => {
      const before = server.asked.length;
      await resultOf(
        `await Promise.all([1, 2, 3].map((n) => mcp.callTool("tools", "echo", { n })))`,
        policyFor(server),
      );
      const once = server.asked.length - before;
      await resultOf(`await mcp.callTool("tools", "echo")`, policyFor(server));
      assert.equal(server.asked.length - before - once, once - 2);
    });

    test("may say that a tool has failed", async () => {
      const source = `await mcp.callTool("tools", "fail").catch((error) =>
        [error instanceof McpToolError, error.name, error.message, error.serverName, error.toolName, error.result.content[0].text])`;
      assert.deepEqual(await resultOf(source, policyFor(server)), [
        ...[true, "McpToolError", "tools.fail: it went wrong"],
        ...["tools", "fail", "it went wrong"],
      ]);
    });

    test("cannot make us believe in its schemas", async () => {
      const source = `await mcp.listTools(); (await mcp.callTool("tools", "typed")).structuredContent.text.length`;
      assert.equal(await resultOf(source, policyFor(server)), 50);
    });

    test("is cut off when it says too much, or nothing", async () => {
      assert.match(
        String(await toldOf(`mcp.callTool("tools", "large")`, policyFor(server))),
        /server "tools": .*(the response is longer than 1048576 bytes|does not answer in time)/,
      );
      assert.match(
        String(await toldOf(`mcp.callTool("tools", "never")`, policyFor(server))),
        /mcp\.callTool: never: server "tools": it does not answer in time/,
      );
    });

    test("hears no more of a script that was cancelled", async () => {
      const cancel = new AbortController();
      const before = server.asked.length;
      const running = run(`await mcp.callTool("tools", "never")`, policyFor(server), { signal: cancel.signal });
      await until(() => server.asked.length > before + 1);
      cancel.abort();
      assert.equal((await running).status, "cancelled");
      await until(() => server.asked.every(({ destroyed }) => destroyed));
    });
  });

describe("a call is denied", () => {
  for (const [what, call, reason] of [
    [
      "of a tool that is not granted",
      `mcp.callTool("tools", "hidden")`,
      /^mcp\.callTool denied by policy: tools\.hidden is not allowed: server "tools" does not allow this tool$/,
    ],
    [
      "of a server that is not there",
      `mcp.callTool("other", "echo")`,
      /^mcp\.callTool denied by policy: other\.echo is not allowed: the policy has no such server$/,
    ],
    [
      "of the list of one that is not there",
      `mcp.listTools("other")`,
      /^mcp\.listTools denied by policy: other is no server/,
    ],
  ] as const)
    test(what, async () => {
      using server = await serve(answerTools("modern"));
      assert.match(String(await toldOf(call, policyFor(server))), reason);
      assert.equal(server.asked.length, 0);
    });

  test("where the server's name leads to an address that is not the internet's", async () => {
    using server = await serve(answerTools("modern"));
    assert.match(
      String(await toldOf(`mcp.callTool("tools", "echo")`, policyFor(server, ""))),
      /tools cannot be reached: tools\.test leads to a loopback address/,
    );
    assert.equal(server.asked.length, 0);
  });

  test("as soon as the server is gone from the policy", async () => {
    using server = await serve(answerTools("modern"));
    let policy = policyFor(server);
    setTimeout(() => {
      policy = parsePolicy("p", "mcp: { servers: [] }");
    }, 50);
    const source = `for (;;) { await mcp.callTool("tools", "echo"); await new Promise((r) => setTimeout(r, 5)); }`;
    const { failure } = await run(source, () => policy);
    assert.match(failure?.message ?? "", /denied by policy: tools\.echo is not allowed: the policy has no such server/);
  });

  test("without the names, where no server is granted", async () => {
    const policy = parsePolicy("p", "fetch: { allow: [] }");
    assert.deepEqual(await resultOf("[typeof mcp, typeof McpToolError]", policy), ["undefined", "undefined"]);
  });
});

describe("a server that is none is told of clearly, and its pages are not", () => {
  test("where nobody listens", async () => {
    const { port } = await serve(() => {}).then((closed) => {
      closed[Symbol.dispose]();
      return closed;
    });
    assert.equal(
      await toldOf(`mcp.callTool("tools", "echo")`, policyFor({ port })),
      `mcp.callTool: echo: server "tools": ECONNREFUSED`,
    );
  });

  for (const [what, answer, reason] of [
    ["with an error", (_, response) => void response.writeHead(500).end("inner secret"), /status 500/],
    ["without the right credentials", (_, response) => void response.writeHead(401).end("inner secret"), /401/],
    [
      "that is a web site",
      (_, response) => void response.setHeader("content-type", "text/html").end("<p>inner secret"),
      /server "tools": /,
    ],
    [
      "that sends elsewhere",
      (_, response) => void response.writeHead(307, { location: "http://127.0.0.1:1/" }).end(),
      /server "tools": /,
    ],
  ] as const satisfies readonly (readonly [string, Answer, RegExp])[])
    test(what, async () => {
      using server = await serve(answer);
      const told = String(await toldOf(`mcp.callTool("tools", "echo")`, policyFor(server)));
      assert.match(told, reason);
      assert.doesNotMatch(told, /inner secret/);
    });
});
