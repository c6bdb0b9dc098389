/** What concerns the server as a whole: its document, listeners of its own, a reading that is set, and its end. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { openTestYard } from "../../../test/support/yard-in-process.ts";
import { adminPassword } from "../../../test/support/yard-process.ts";
import { assertRoutesDocumented } from "../../platform/http/testing.ts";
import { createLog } from "../../platform/log.ts";
import { askMitosis } from "./testing.ts";

const md5_password = [...createHash("md5").update(adminPassword).digest()];
const loginBody = { username: "admin", md5_password };

test("on a listener of its own nothing else answers; a reading that is set is everybody's", async () => {
  await using opened = await openTestYard({ "listen-mitosis": "127.0.0.1:0", "mitosis-reading": "document" });
  await assertRoutesDocumented(opened.yard.http);
  const [shared, own] = opened.yard.urls;
  assert.ok(shared && own);
  assert.equal((await askMitosis(own, "GET", "/health")).status, 200);
  assert.equal((await askMitosis(own, "GET", "/appmesh/applications")).status, 404);
  assert.equal((await askMitosis(shared, "GET", "/appmesh/applications")).status, 401);
  const { json } = await askMitosis(own, "POST", "/login", { reading: "client", body: loginBody });
  assert.match(json.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
});

test("a listener of its own serves the URLs that it hands out", async () => {
  await using opened = await openTestYard({ "listen-mitosis": "127.0.0.1:0" });
  const own = opened.yard.urls[1]!;
  const { token } = (await askMitosis(own, "POST", "/login", { body: loginBody })).json;
  const attachments = "/groups/admin/attachments";
  const upload = await askMitosis<{ url: string }>(own, "POST", attachments, {
    token,
    body: { key: "notes", content_length: 5 },
  });
  assert.equal(new URL(upload.json.url).origin, own);
  assert.equal((await fetch(upload.json.url, { method: "PUT", body: "hello" })).status, 200);
  const download = await askMitosis<{ url: string }>(own, "GET", "/groups/admin/download/attachments/notes", {
    token,
    reading: "client",
  });
  assert.equal(await (await fetch(download.json.url)).text(), "hello");
});

test("logins are counted by address", async () => {
  await using opened = await openTestYard({ "login-rate": "3" });
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++)
    statuses.push((await askMitosis(opened.url, "POST", "/login", { body: loginBody })).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
});

test("the secret in the log, and no other, ends the server", async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  await using opened = await openTestYard({}, { log: createLog({ level: "info", destination }) });
  const secret = /with the secret ([\w-]{43})/.exec(lines.join(""))?.[1];
  assert.ok(secret);
  const { token } = (await askMitosis(opened.url, "POST", "/login", { body: loginBody })).json;
  const end = (given: string) => askMitosis(opened.url, "POST", "/admin/shutdown", { token, body: { secret: given } });
  for (const wrong of ["", "guess", secret.slice(1), `${secret}x`]) assert.equal((await end(wrong)).status, 403);
  const right = await end(secret);
  assert.deepEqual([right.status, right.text], [200, ""]);
  await opened.yard.stopRequested;
});
