/** Labels, configuration, resources, metrics and forwarding of App Mesh's API, over HTTP. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import test, { after, before } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

interface Config {
  readonly BaseConfig: Record<string, unknown>;
  readonly REST: { readonly SSL: Record<string, unknown>; readonly JWT: Record<string, unknown> } & Record<
    string,
    unknown
  >;
  readonly Labels: Record<string, string>;
}

let opened: OpenedYard;
let admin: AppMesh;
/** Another node, as far as forwarding goes. */
const node = createServer();
let nodeAddress: string;

before(async () => {
  node.listen(0, "127.0.0.1");
  await once(node, "listening");
  nodeAddress = `127.0.0.1:${(node.address() as AddressInfo).port}`;
  opened = await openTestYard({ "appmesh.forward-to": `${nodeAddress},127.0.0.1:1` });
  admin = await logIn(opened.url, "admin", adminPassword);
});
after(async () => {
  await opened?.[Symbol.asyncDispose]();
  node.close();
});

const client = { "user-agent": "appmesh/python" };

test("labels are set, listed and removed, with the statuses that each reader knows", async () => {
  assert.equal((await admin.request("PUT", "/label/rack?value=7")).status, 201);
  assert.equal((await admin.request("PUT", "/label/rack?value=8", { headers: client })).status, 200);
  const listed = (await admin.expect("GET", "/labels")).json<Record<string, string>>();
  assert.deepEqual([listed.rack, listed.HOST_NAME], ["8", hostname()]);
  assert.ok(listed.arch && listed.os_version);
  assert.equal((await admin.request("DELETE", "/label/rack")).status, 200);
  assert.equal((await admin.request("DELETE", "/label/rack", { headers: client })).status, 200);
  assert.equal((await admin.request("DELETE", "/label/rack")).status, 404);
});

test("a label without a value, and names that cannot be shown, are refused by the name of what is wrong", async () => {
  assert.match((await admin.request("PUT", "/label/x")).text, /value/);
  for (const name of ["a%0Ab", "%20", "a%00b", "x".repeat(200)]) {
    const reply = await admin.request("PUT", `/label/${name}?value=1`);
    assert.equal(reply.status, 400, reply.text);
    assert.match(reply.text, /label_name/);
  }
  await admin.expect("PUT", "/label/__proto__?value=data");
  assert.match((await admin.expect("GET", "/labels")).text, /"__proto__":"data"/);
  await admin.expect("DELETE", "/label/__proto__");
});

test("the configuration that was shown may be sent back as it is", async () => {
  const shown = await admin.expect("GET", "/config");
  const reply = await admin.expect("POST", "/config", { body: shown.json() });
  assert.deepEqual(reply.json(), shown.json());
  const { REST } = reply.json<Config>();
  assert.equal(REST.RestListenPort, Number(new URL(opened.url).port));
  assert.equal(REST.JWT.JWTSalt, "***");
});

test("a part of the configuration is merged, brought within its bounds, kept, and acts at once", async () => {
  const body = {
    BaseConfig: {
      LogLevel: "WARN",
      ScheduleIntervalSeconds: 101,
      Description: "the box",
      Unknown: 1,
    },
    REST: { HttpThreadPoolSize: 40, SSL: { VerifyServer: false } },
    Unknown: { nested: true },
  };
  const { BaseConfig, REST } = (await admin.expect("POST", "/config", { body })).json<Config>();
  assert.deepEqual(
    [BaseConfig.LogLevel, BaseConfig.ScheduleIntervalSeconds, BaseConfig.Description, BaseConfig.Unknown],
    ["WARN", 2, "the box", undefined],
  );
  assert.deepEqual([REST.HttpThreadPoolSize, REST.SSL.VerifyServer], [6, false]);
  assert.equal(opened.yard.http.fastify.log.level, "warn");
  assert.equal((await admin.expect("GET", "/resources")).json().host_description, "the box");
  await admin.expect("POST", "/config", { body: { BaseConfig: { LogLevel: "ERROR" } } });
  assert.equal((await admin.expect("GET", "/config")).json<Config>().BaseConfig.Description, "the box");
});

test("labels in the configuration replace those that were set", async () => {
  await admin.expect("PUT", "/label/old?value=1");
  const reply = await admin.expect("POST", "/config", { body: { Labels: { new: "2" } } });
  const { Labels } = reply.json<Config>();
  assert.deepEqual([Labels.old, Labels.new, Labels.HOST_NAME], [undefined, "2", hostname()]);
});

for (const { body, status, names } of [
  { body: { BaseConfig: { DefaultExecUser: "no-such-user" } }, status: 400, names: /BaseConfig.DefaultExecUser/ },
  { body: { BaseConfig: { LogLevel: "LOUD" } }, status: 400, names: /BaseConfig.LogLevel/ },
  { body: { BaseConfig: { DisableExecUser: "yes" } }, status: 400, names: /BaseConfig.DisableExecUser/ },
  { body: { BaseConfig: [] }, status: 400, names: /BaseConfig/ },
  { body: { REST: { JWT: { Algorithm: "none" } } }, status: 400, names: /REST.JWT.Algorithm/ },
  { body: { REST: { JWT: { Algorithm: "HS256" } } }, status: 412, names: /REST.JWT.Algorithm/ },
  { body: { REST: { JWT: { Audience: [1] } } }, status: 400, names: /REST.JWT.Audience/ },
  { body: { REST: { JWT: { JWTSalt: "mine" } } }, status: 412, names: /REST.JWT.JWTSalt/ },
  { body: { REST: { RestListenPort: 6061 } }, status: 412, names: /REST.RestListenPort/ },
  { body: { Labels: { a: 1 } }, status: 400, names: /Labels.a/ },
  { body: { Labels: { a: "x".repeat(2_000) } }, status: 400, names: /value/ },
]) {
  test(`a configuration with ${names.source} like that is refused with ${status}, and changes nothing`, async () => {
    const before = (await admin.expect("GET", "/config")).text;
    const withMore = { ...body, BaseConfig: { Description: "changed", ...body.BaseConfig } };
    const reply = await admin.request("POST", "/config", { body: Array.isArray(body.BaseConfig) ? body : withMore });
    assert.equal(reply.status, status, reply.text);
    assert.match(reply.text, names);
    assert.equal((await admin.expect("GET", "/config")).text, before);
  });
}

test("the default OS user acts at the next start of an app, and can be switched off", {
  skip: process.getuid?.() === 0 ? false : "only root may start programs as others",
}, async () => {
  const whoami = async () => (await admin.expect("POST", "/app/syncrun", { body: { command: "id -un" } })).text.trim();
  const before = await whoami();
  await admin.expect("POST", "/config", { body: { BaseConfig: { DefaultExecUser: "nobody" } } });
  assert.equal(await whoami(), "nobody");
  await admin.expect("POST", "/config", { body: { BaseConfig: { DisableExecUser: true } } });
  assert.equal(await whoami(), before);
  await admin.expect("POST", "/config", { body: { BaseConfig: { DefaultExecUser: "", DisableExecUser: false } } });
});

test("metrics count requests by listener and show single apps to those who may know of them", async () => {
  await admin.expect("PUT", "/app/measured", { body: { command: "sleep 600" } });
  const open = `${opened.url}/appmesh/metrics`;
  const local = await until(async () => {
    const shown = await (await fetch(open)).text();
    return /process_id_gauge\{.*application="measured".*\} [1-9]/.test(shown) ? shown : undefined;
  });
  for (const name of ["start_count", "memory_gauge", "cpu_gauge", "file_descriptors"]) {
    assert.match(
      local,
      new RegExp(`^appmesh_prom_process_${name}\\{host="[^"]+",pid="\\d+",application="measured",id="`, "m"),
    );
  }
  assert.match(
    local,
    new RegExp(`appmesh_http_request_count\\{.*method="PUT",listen="127.0.0.1:${new URL(opened.url).port}"\\} [1-9]`),
  );
  const proxied = { "x-forwarded-for": "192.0.2.1" };
  const foreign = await (await fetch(open, { headers: proxied })).text();
  assert.match(foreign, /appmesh_prom_scrape_count/);
  assert.doesNotMatch(foreign, /application=/);
  assert.match((await admin.expect("GET", "/metrics", { headers: proxied })).text, /application="measured"/);
  await admin.expect("DELETE", "/app/measured");
  assert.doesNotMatch(await (await fetch(open)).text(), /application="measured"/);
});

test("a request for this very server is answered here, by whatever local name and port it is called", async () => {
  const port = new URL(opened.url).port;
  for (const target of [
    `127.0.0.1:${port}`,
    "localhost",
    `[::1]:${port}`,
    `http://127.0.0.1:${port}/`,
    `0x7f.1:${port}`,
    hostname(),
  ]) {
    const reply = await admin.request("GET", "/labels", { headers: { "x-target-host": target } });
    assert.equal(reply.status, 200, `${target}: ${reply.text}`);
    assert.equal(reply.json().HOST_NAME, hostname());
  }
});

test("a request for a listed node reaches it whole, without what concerns this connection, and its reply comes back", async () => {
  const arrived = nextAtNode(async (request) => ({
    status: 207,
    headers: { "x-exit-code": "3", "set-cookie": ["a=1", "b=2"], connection: "keep-alive, x-hop", "x-hop": "no" },
    body: `got ${await text(request)}`,
  }));
  const reply = await admin.request("POST", "/app/syncrun?timeout=5&x=%2F", {
    body: '{"command":"true"}',
    headers: { "x-target-host": `http://${nodeAddress}`, "x-csrf-token": "t", "content-type": "odd" },
  });
  const request = await arrived;
  assert.deepEqual([reply.status, reply.text], [207, 'got {"command":"true"}']);
  assert.deepEqual([reply.headers.get("x-exit-code"), reply.headers.get("x-hop")], ["3", null]);
  assert.deepEqual(reply.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.deepEqual([request.method, request.url], ["POST", "/appmesh/app/syncrun?timeout=5&x=%2F"]);
  assert.deepEqual(
    ["host", "content-type", "x-csrf-token", "x-target-host"].map((name) => request.headers[name]),
    [nodeAddress, "odd", "t", undefined],
  );
  assert.match(String(request.headers.authorization), /^Bearer /);
});

test("a redirect of a node is the client's to follow, not ours", async () => {
  void nextAtNode(async () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" }));
  const reply = await fetch(`${opened.url}/appmesh/labels`, {
    redirect: "manual",
    headers: { authorization: "Bearer x", "x-target-host": `http://${nodeAddress}` },
  });
  assert.deepEqual([reply.status, reply.headers.get("location")], [302, "http://127.0.0.1:1/"]);
});

test("nobody but the listed nodes is asked, and those only for somebody with a token", async () => {
  for (const target of [
    "127.0.0.1:2",
    "http://169.254.169.254/",
    "http://169.254.169.254:80",
    "10.0.0.1:6060",
    `user@${nodeAddress}`,
    `${nodeAddress}/path`,
    "a b",
    "ftp://x",
    "[::ffff:127.0.0.1]:1",
  ]) {
    const reply = await admin.request("GET", "/labels", { headers: { "x-target-host": target } });
    assert.equal(reply.status, 400, `${target}: ${reply.text}`);
    assert.match(reply.text, /X-Target-Host/);
  }
  const bare = await fetch(`${opened.url}/appmesh/labels`, { headers: { "x-target-host": `http://${nodeAddress}` } });
  assert.equal(bare.status, 401, await bare.text());
});

test("a node that does not answer is a 500 that names it", async () => {
  const reply = await admin.request("GET", "/labels", { headers: { "x-target-host": "http://127.0.0.1:1" } });
  assert.equal(reply.status, 500);
  assert.match(reply.text, /127\.0\.0\.1:1 did not answer: ECONNREFUSED/);
});

interface NodeReply {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: string;
}

/** Answers one request at the other node. */
async function nextAtNode(answer: (request: IncomingMessage) => Promise<NodeReply>): Promise<IncomingMessage> {
  const [request, response] = await once(node, "request");
  const { status, headers, body } = await answer(request);
  response.writeHead(status, headers).end(body);
  return request;
}
