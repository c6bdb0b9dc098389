import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { suite, test } from "node:test";
import { signUp } from "../src/apis/wrenn/testing.ts";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { useWrennYard, type WrennYard } from "./support/wrenn.ts";

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function request(url: string, path: string, host: string, { method = "GET", headers, body }: Asked = {}) {
  const asked = http.request(new URL(path, url), { method, agent: false, headers: { host, ...headers } });
  asked.on("error", () => {});
  return asked.end(body);
}

async function ask(url: string, path: string, host: string, options?: Asked) {
  const [response] = (await once(request(url, path, host, options), "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, text: await readText(response) };
}

/** What the servers of busybox serve: files on port 8000, and another protocol on 9000. */
const prepare = `
mkdir -p /root/www && cd /root/www && echo home > index.html && mkdir -p cgi-bin below
printf '#!/bin/sh\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\n"; echo "$REQUEST_METHOD $QUERY_STRING"; cat' > cgi-bin/echo
chmod +x cgi-bin/echo
cat > /root/switch <<'END'
while IFS= read -r line; do [ "$line" = "$(printf '\\r')" ] && break; done
printf 'HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n'
exec cat
END
`;

async function makeServers(yard: WrennYard, options?: Asked): Promise<string> {
  const id = await yard.makeCapsule();
  await yard.run(id, prepare);
  await yard.start(id, ["busybox", "httpd", "-f", "-p", "127.0.0.1:8000", "-h", "/root/www"]);
  await yard.start(id, ["busybox", "nc", "-ll", "-p", "9000", "-e", "/bin/sh", "/root/switch"]);
  const answers = async () => (await ask(yard.url, "/", `8000-${id}.x`, options)).status === 200;
  await until(answers, { what: "a server inside answers" });
  return id;
}

suite("ports of capsules by their names", { skip: skipWithoutNamespaces }, () => {
  const yard = useWrennYard();

  test("what listens on the capsule's own loopback is reached from outside, and every path is its own", async () => {
    const id = await makeServers(yard);
    const host = `8000-${id}.localhost:7700`;
    assert.equal((await ask(yard.url, "/", host)).text, "home\n");
    assert.equal((await ask(yard.url, "/v1/capsules", host)).status, 404);
    const sent = await ask(yard.url, "/cgi-bin/echo?a=b", host, { method: "POST", body: "x".repeat(10_000) });
    assert.deepEqual([sent.status, sent.text], [200, `POST a=b\n${"x".repeat(10_000)}`]);
    const moved = await ask(yard.url, "/below", host);
    assert.deepEqual([moved.status, moved.headers.location], [302, "/below/"]);
    assert.equal((await ask(yard.url, "/", `8001-${id}.x`)).status, 502);
    await yard.ask("DELETE", `/v1/capsules/${id}`);
    assert.equal((await ask(yard.url, "/", host)).status, 409);
  });

  test("another protocol passes in both directions", async () => {
    const id = await makeServers(yard);
    const headers = { connection: "Upgrade", upgrade: "echo" };
    const asked = request(yard.url, "/", `9000-${id}.x`, { headers });
    asked.once("response", ({ statusCode }) => asked.destroy(new Error(`the answer is ${statusCode}`)));
    const [, socket] = (await once(asked, "upgrade")) as [IncomingMessage, Duplex];
    const sent = "there and back ".repeat(20_000);
    socket.end(sent);
    assert.equal(await readText(socket), sent);
    await yard.ask("DELETE", `/v1/capsules/${id}`);
  });

  test("two capsules have the same ports apart, and what they serve stops with a pause", async () => {
    const [one, two] = [await makeServers(yard), await makeServers(yard)];
    await yard.run(two, "echo other > /root/www/index.html");
    assert.equal((await ask(yard.url, "/", `8000-${one}.x`)).text, "home\n");
    assert.equal((await ask(yard.url, "/", `8000-${two}.x`)).text, "other\n");
    await yard.ask("POST", `/v1/capsules/${one}/pause`);
    assert.equal((await ask(yard.url, "/", `8000-${one}.x`)).status, 409);
    await yard.ask("POST", `/v1/capsules/${one}/resume`);
    assert.equal((await ask(yard.url, "/", `8000-${one}.x`)).text, "home\n");
    for (const id of [one, two]) await yard.ask("DELETE", `/v1/capsules/${id}`);
  });

  test("by its path a port is reached with the team's credential alone", async () => {
    const id = await makeServers(yard);
    const path = `/v1/capsules/${id}/ports/8000/cgi-bin/echo?q`;
    const { host } = new URL(yard.url);
    const eve = await signUp(yard.url, "eve");
    const status = async (headers: Readonly<Record<string, string>>) =>
      (await ask(yard.url, path, host, { headers })).status;
    assert.equal(await status({}), 401);
    assert.equal(await status({ "x-api-key": "wrn_00000000000000000000000000000000" }), 401);
    assert.equal(await status({ "x-api-key": eve.key }), 404);
    assert.equal(await status({ "x-api-key": yard.account.key }), 200);
    assert.equal(await status({ authorization: `Bearer ${yard.account.token}` }), 200);
    await yard.ask("DELETE", `/v1/capsules/${id}`);
  });
});

suite("ports of capsules whose names are closed", { skip: skipWithoutNamespaces }, () => {
  const yard = useWrennYard({ "capsules.open-ports": "false" });

  test("the name alone is not enough; the team's key is, and stays outside", async () => {
    const keyed = { headers: { "x-api-key": yard.account.key } };
    const id = await makeServers(yard, keyed);
    assert.equal((await ask(yard.url, "/", `8000-${id}.x`)).status, 401);
    assert.equal((await ask(yard.url, "/", `8000-${id}.x`, keyed)).text, "home\n");
    await yard.ask("DELETE", `/v1/capsules/${id}`);
  });
});
