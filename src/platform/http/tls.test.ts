import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import https from "node:https";
import { hostname } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { connect } from "node:tls";
import { systemClock } from "../clock.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { exampleApi, exampleServer } from "./example-api.ts";
import { tlsFromFiles } from "./tls.ts";
import { selfSignedPaths, selfSignedTls } from "./tls-self-signed.ts";

const api = exampleApi("red", (app) => {
  app.get("/red", { schema: { hide: true } }, async () => ({ hello: "red" }));
});
const dayMs = 86_400_000;
const clockAt = (now: number) => ({ ...systemClock, now: () => now });

test("makes a certificate for the names of this machine, and keeps it", async () => {
  using directory = temporaryDirectory();
  const source = selfSignedTls(join(directory.path, "tls"), { clock: systemClock });
  const made = await source.load();
  assert.deepEqual(await source.load(), made);
  const certificate = new X509Certificate(made.cert);
  for (const name of ["localhost", hostname()]) assert.ok(certificate.checkHost(name), name);
  for (const address of ["127.0.0.1", "::1"]) assert.ok(certificate.checkIP(address), address);
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.equal(statSync(join(directory.path, "tls", "key.pem")).mode & 0o777, 0o600);
  assert.equal(statSync(join(directory.path, "tls")).mode & 0o777, 0o700);
});

test("renews it a month before it expires, and when half of it was lost", async () => {
  using directory = temporaryDirectory();
  const now = Date.now();
  const first = await selfSignedTls(directory.path, { clock: clockAt(now) }).load();
  assert.equal((await selfSignedTls(directory.path, { clock: clockAt(now + 330 * dayMs) }).load()).cert, first.cert);
  const second = await selfSignedTls(directory.path, { clock: clockAt(now + 340 * dayMs) }).load();
  assert.notEqual(second.cert, first.cert);
  writeFileSync(selfSignedPaths(directory.path).key, first.key);
  const third = await selfSignedTls(directory.path, { clock: clockAt(now + 340 * dayMs) }).load();
  assert.notEqual(third.cert, second.cert);
});

test("serves it to clients that trust its file, with TLS 1.2 or newer", async () => {
  using directory = temporaryDirectory();
  await using server = await exampleServer({ apis: [api], tls: selfSignedTls(directory.path, { clock: systemClock }) });
  const [listener] = await server.listen([{ secure: true, host: "127.0.0.1", port: 0 }]);
  assert.match(listener?.url ?? "", /^https:/);
  const ca = await readFile(selfSignedPaths(directory.path).cert, "utf8");
  const [response] = await once(https.get(`${listener?.url}/red`, { ca, agent: false }), "response");
  assert.deepEqual(JSON.parse(await text(response)), { hello: "red" });
  await assert.rejects(once(https.get(`${listener?.url}/red`, { agent: false }), "response"), {
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
  const old = connect({
    port: listener?.spec.port ?? 0,
    ca,
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  await assert.rejects(once(old, "secureConnect"), /protocol version/);
});

test("refuses to listen with TLS without a certificate", async () => {
  await using server = await exampleServer({ apis: [api] });
  await assert.rejects(server.listen([{ secure: true, host: "127.0.0.1", port: 0 }]), {
    code: "precondition",
    message: /tls-cert/,
  });
});

test("refuses certificate files that cannot be read, hold something else or do not belong together", async () => {
  using directory = temporaryDirectory();
  const a = join(directory.path, "a");
  const b = join(directory.path, "b");
  await selfSignedTls(a, { clock: systemClock }).load();
  await selfSignedTls(b, { clock: systemClock }).load();
  const load = (cert: string, key: string) => tlsFromFiles({ cert, key }).load();
  await load(selfSignedPaths(a).cert, selfSignedPaths(a).key);
  await assert.rejects(load("/nowhere.pem", selfSignedPaths(a).key), {
    field: "tls-cert",
    message: /\/nowhere\.pem \(ENOENT\)/,
  });
  await assert.rejects(load(selfSignedPaths(a).key, selfSignedPaths(a).key), {
    field: "tls-cert",
    message: /no PEM certificate/,
  });
  await assert.rejects(load(selfSignedPaths(a).cert, selfSignedPaths(a).cert), {
    field: "tls-key",
    message: /no PEM private key/,
  });
  await assert.rejects(load(selfSignedPaths(a).cert, selfSignedPaths(b).key), {
    field: "tls-key",
    message: /does not belong/,
  });
});
