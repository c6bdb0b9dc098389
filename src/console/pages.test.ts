import assert from "node:assert/strict";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import fastify from "fastify";
import type { ApiInstance } from "../platform/http/api.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { registerConsolePages } from "./pages.ts";

async function writeBuild(directory: string, title: string): Promise<void> {
  await mkdir(join(directory, "assets"), { recursive: true });
  await writeFile(join(directory, "index.html"), `<title>${title}</title>`);
  await writeFile(join(directory, "assets/index-Cil1qOZr.js"), "export {};\n".repeat(100));
  await writeFile(join(directory, "sources.sha256"), "not for browsers");
}

async function serve(directory: string): Promise<ApiInstance> {
  const app: ApiInstance = fastify();
  registerConsolePages(app, { directory });
  return app;
}

test("the page is served for every place inside of the console, and kept by nobody", async () => {
  using temporary = temporaryDirectory();
  const directory = temporary.path;
  await writeBuild(directory, "one");
  const app = await serve(directory);
  for (const url of ["/console", "/console/", "/console/apps/web?x=1", "/console/index.html"]) {
    const { statusCode, body, headers } = await app.inject(url);
    assert.deepEqual([statusCode, body, headers["cache-control"]], [200, "<title>one</title>", "no-store"], url);
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /script-src|unsafe-eval/);
  }
});

test("parts are kept for good, compressed as the browser understands", async () => {
  using temporary = temporaryDirectory();
  const directory = temporary.path;
  await writeBuild(directory, "one");
  const app = await serve(directory);
  const get = (accepted: string) =>
    app.inject({ url: "/console/assets/index-Cil1qOZr.js", headers: { "accept-encoding": accepted } });
  const [brotli, gzip, plain] = [await get("gzip, deflate, br"), await get("gzip"), await get("")];
  assert.equal(plain.headers["cache-control"], "public, max-age=31536000, immutable");
  assert.equal(plain.headers["content-type"], "text/javascript; charset=utf-8");
  assert.deepEqual(brotliDecompressSync(brotli.rawPayload), plain.rawPayload);
  assert.deepEqual(gunzipSync(gzip.rawPayload), plain.rawPayload);
});

test("nothing but the build's files can be had", async () => {
  using temporary = temporaryDirectory();
  const directory = temporary.path;
  await writeBuild(join(directory, "dist"), "one");
  await writeFile(join(directory, "secret.js"), "secret");
  const app = await serve(join(directory, "dist"));
  for (const name of [
    "nothing.js",
    "../secret.js",
    "..%2f..%2fsecret.js",
    "%2e%2e/%2e%2e/secret.js",
    "../sources.sha256",
  ]) {
    const { body } = await app.inject(`/console/assets/${name}`);
    assert.ok(body === "<title>one</title>" || /no such file|Route .* not found/.test(body), `${name}: ${body}`);
  }
});

test("a part of a build that has gone is not there, and nobody keeps that answer", async () => {
  using temporary = temporaryDirectory();
  const directory = join(temporary.path, "dist");
  await writeBuild(directory, "one");
  const app = await serve(directory);
  const url = "/console/assets/index-Cil1qOZr.js";
  assert.equal((await app.inject({ method: "HEAD", url: "/console" })).statusCode, 200); // and its parts are known
  await rm(directory, { recursive: true });
  const get = () => app.inject({ url, headers: { "accept-encoding": "br" } });
  for (const { headers, body } of await Promise.all([get(), get()])) {
    assert.deepEqual([headers["cache-control"], headers["content-encoding"]], [undefined, undefined]);
    assert.match(body, /Reload the page/);
  }
  await writeBuild(directory, "one");
  assert.equal((await get()).statusCode, 200);
});

test("without a build a page says so, and a build that comes is served at once; so is the next one", async () => {
  using temporary = temporaryDirectory();
  const directory = temporary.path;
  const app = await serve(join(directory, "dist"));
  const { statusCode, body } = await app.inject("/console");
  assert.equal(statusCode, 503);
  assert.match(body, /being built/);
  for (const title of ["one", "two"]) {
    await writeBuild(join(directory, title), title);
    await rm(join(directory, "dist"), { recursive: true, force: true });
    await rename(join(directory, title), join(directory, "dist"));
    assert.equal((await app.inject("/console")).body, `<title>${title}</title>`);
  }
});

test("the root leads to the console, and so does where providers of sign-in lead back to", async () => {
  using temporary = temporaryDirectory();
  const app = await serve(temporary.path);
  assert.equal((await app.inject("/")).headers.location, "/console");
  assert.equal((await app.inject("/login")).headers.location, "/console/login");
  assert.equal((await app.inject("/login?sso_error=no%20way")).headers.location, "/console/login?sso_error=no%20way");
});
