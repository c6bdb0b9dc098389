/** What every blob store must do: the real definition of `BlobStore`. A backend's test calls `describeBlobStore`, then adds its own extras. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { isYardError } from "../errors.ts";
import { until } from "../testing/until.ts";
import type { BlobStore, BlobUrls } from "./blob-store.ts";

/** @param open a new empty store */
export function describeBlobStore(name: string, open: () => Promise<BlobStore>): void {
  describe(`blob store: ${name}`, () => {
    describeContent(open);
    describeFailure(open);
    describeRanges(open);
    describeKeys(open);
    describeLists(open);
  });
}

const from = (...chunks: (string | Uint8Array)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
const textOf = async (store: BlobStore, key: string) => (await buffer((await store.get(key)).stream)).toString();
const sha256Of = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const isNotFound = (error: unknown) => isYardError(error, "not_found");

function describeContent(open: () => Promise<BlobStore>): void {
  test("content comes back byte for byte, with size, SHA-256 and type", async () => {
    await using store = await open();
    const content = randomBytes(5 * 1024 ** 2 + 17);
    const put = await store.put("a/b", from(content.subarray(0, 100), content.subarray(100)), {
      contentType: "text/x-noise",
    });
    assert.deepEqual(put, { bytes: content.length, sha256: sha256Of(content) });
    const { stream, range, ...info } = await store.get("a/b");
    assert.ok((await buffer(stream)).equals(content));
    assert.deepEqual(range, { offset: 0, length: content.length });
    assert.deepEqual(info, { key: "a/b", ...put, contentType: "text/x-noise", modifiedAt: info.modifiedAt });
    assert.deepEqual(await store.head("a/b"), info);
  });

  test("empty content is content", async () => {
    await using store = await open();
    assert.deepEqual(await store.put("empty", from()), { bytes: 0, sha256: sha256Of(Buffer.of()) });
    assert.equal(await textOf(store, "empty"), "");
    assert.equal((await store.head("empty")).contentType, null);
  });

  test("a second put replaces the first; who was reading that one reads it to its end", async () => {
    await using store = await open();
    await store.put("key", from("first"), { contentType: "text/plain" });
    const reading = await store.get("key");
    await store.put("key", from("the second"));
    assert.equal((await buffer(reading.stream)).toString(), "first");
    assert.equal(await textOf(store, "key"), "the second");
    const { bytes, contentType } = await store.head("key");
    assert.deepEqual({ bytes, contentType }, { bytes: 10, contentType: null });
  });

  test("puts of one key at the same time leave one of them whole", async () => {
    await using store = await open();
    const contents = Array.from({ length: 8 }, (_, i) => Buffer.alloc(100_000, String(i)));
    await Promise.all(contents.map((content) => store.put("key", from(content))));
    const kept = await buffer((await store.get("key")).stream);
    assert.ok(contents.some((content) => content.equals(kept)));
    assert.equal((await store.head("key")).sha256, sha256Of(kept));
  });

  test("what was deleted is gone, deleting it again is fine, and who was reading it reads to the end", async () => {
    await using store = await open();
    await store.put("key", from("content"));
    const reading = await store.get("key");
    await store.delete("key");
    await store.delete("key");
    await store.delete("never there");
    assert.equal((await buffer(reading.stream)).toString(), "content");
    await assert.rejects(store.get("key"), isNotFound);
    await assert.rejects(store.head("key"), isNotFound);
    assert.deepEqual(await store.list("", { limit: 10 }), []);
  });
}

function describeFailure(open: () => Promise<BlobStore>): void {
  async function* broken() {
    yield Buffer.from("some, ");
    throw new Error("the line went dead");
  }
  async function* endless() {
    for (;;) yield Buffer.alloc(1_000);
  }

  test("a put that fails in the middle leaves what was there", async () => {
    await using store = await open();
    await assert.rejects(store.put("new", broken()), /line went dead/);
    await assert.rejects(store.head("new"), isNotFound);
    await store.put("old", from("as it was"));
    await assert.rejects(store.put("old", broken()), /line went dead/);
    assert.equal(await textOf(store, "old"), "as it was");
  });

  test("an aborted put leaves nothing, and its source is told to stop", async () => {
    await using store = await open();
    let stopped = false;
    const aborting = new AbortController();
    async function* source() {
      try {
        for (let i = 0; ; i++) {
          if (i === 100) aborting.abort(new Error("the client left"));
          yield Buffer.alloc(1_000);
        }
      } finally {
        stopped = true;
      }
    }
    await assert.rejects(store.put("key", source(), { signal: aborting.signal }));
    assert.equal(stopped, true);
    await assert.rejects(store.head("key"), isNotFound);
  });

  test("an aborted put does not wait for a source that has gone silent", { timeout: 10_000 }, async () => {
    await using store = await open();
    const aborting = new AbortController();
    const silent = new Readable({ read() {} });
    silent.push("some, ");
    const put = store.put("key", silent, { signal: aborting.signal });
    setImmediate(() => aborting.abort());
    await assert.rejects(put);
    assert.equal(silent.destroyed, true);
    await assert.rejects(store.head("key"), isNotFound);
  });

  test("content that is not of the length it should have is refused, and leaves what was there", async () => {
    await using store = await open();
    await store.put("key", from("as it was"));
    await assert.rejects(store.put("key", from("short"), { bytes: 6 }), (error) => isYardError(error, "invalid"));
    await assert.rejects(store.put("key", from("longer"), { bytes: 5 }), (error) => isYardError(error, "too_large"));
    assert.equal(await textOf(store, "key"), "as it was");
    await store.put("key", from("just", " so"), { bytes: 7 });
    assert.equal(await textOf(store, "key"), "just so");
  });

  test("content over the limit is refused as soon as it is, content of just that size is not", async () => {
    await using store = await open();
    await assert.rejects(store.put("key", endless(), { maxBytes: 100_000 }), (error) =>
      isYardError(error, "too_large"),
    );
    await assert.rejects(store.head("key"), isNotFound);
    await store.put("key", from(Buffer.alloc(1_000)), { maxBytes: 1_000 });
    assert.equal((await store.head("key")).bytes, 1_000);
  });
}

function describeRanges(open: () => Promise<BlobStore>): void {
  for (const { range, expected, given } of [
    { range: { offset: 3 }, expected: "3456789", given: { offset: 3, length: 7 } },
    { range: { offset: 3, length: 4 }, expected: "3456", given: { offset: 3, length: 4 } },
    { range: { offset: 8, length: 100 }, expected: "89", given: { offset: 8, length: 2 } },
    { range: { offset: 10 }, expected: "", given: { offset: 10, length: 0 } },
    { range: { offset: 4, length: 0 }, expected: "", given: { offset: 4, length: 0 } },
  ]) {
    test(`of 10 bytes the range ${JSON.stringify(range)} is ${JSON.stringify(expected)}`, async () => {
      await using store = await open();
      await store.put("digits", from("0123456789"));
      const blob = await store.get("digits", { range });
      assert.equal((await buffer(blob.stream)).toString(), expected);
      assert.deepEqual(blob.range, given);
      assert.equal(blob.bytes, 10);
    });
  }

  test("a range that begins beyond the end, or makes no sense, is refused", async () => {
    await using store = await open();
    await store.put("digits", from("0123456789"));
    for (const range of [
      { offset: 11 },
      { offset: -1 },
      { offset: 0.5 },
      { offset: Number.NaN },
      { offset: 0, length: -1 },
    ]) {
      await assert.rejects(
        store.get("digits", { range }),
        (error) => isYardError(error, "invalid") && error.field === "range",
      );
    }
  });
}

function describeKeys(open: () => Promise<BlobStore>): void {
  const keys = [
    "plain",
    "with/slashes/in it",
    "/leading",
    "trailing/",
    "//",
    "../../etc/passwd",
    "..",
    ".",
    "CON",
    "-rf",
    "$(id)",
    "%2e%2e%2f",
    "a?b#c&d=e",
    'quo"te',
    "back\\slash",
    "Ünïcödé/文件/🦊",
    "é", // composed
    "e\u0301", // decomposed: another key
    "K",
    "k",
    "x".repeat(1_024),
    "ü".repeat(512),
  ];

  test("any text is a key of its own", async () => {
    await using store = await open();
    for (const key of keys) await store.put(key, from(`content of ${key}`));
    for (const key of keys) assert.equal(await textOf(store, key), `content of ${key}`);
    const listed = await store.list("", { limit: 1_000 });
    assert.deepEqual(listed.map(({ key }) => key).sort(), keys.toSorted());
  });

  test("what cannot be a key everywhere is refused, by every operation", async () => {
    await using store = await open();
    for (const key of ["", "a\0b", "line\nbreak", "\u007f", "\ud800", "x".repeat(1_025), "ü".repeat(513)]) {
      const isRefusal = (error: unknown) => isYardError(error, "invalid") && error.field === "key";
      await assert.rejects(store.put(key, from("x")), isRefusal);
      await assert.rejects(store.get(key), isRefusal);
      await assert.rejects(store.head(key), isRefusal);
      await assert.rejects(store.delete(key), isRefusal);
    }
  });
}

function describeLists(open: () => Promise<BlobStore>): void {
  const keysOf = async (store: BlobStore, prefix: string, options: { after?: string; limit: number }) =>
    (await store.list(prefix, options)).map(({ key }) => key);

  test("a list is ordered by bytes, and holds what begins with the prefix", async () => {
    await using store = await open();
    for (const key of ["b", "a/2", "a/1", "a", "A", "a-b", "aa", "a/ü", "a/🦊", "ab"]) await store.put(key, from(key));
    assert.deepEqual(await keysOf(store, "", { limit: 100 }), [
      "A",
      "a",
      "a-b",
      "a/1",
      "a/2",
      "a/ü",
      "a/🦊",
      "aa",
      "ab",
      "b",
    ]);
    assert.deepEqual(await keysOf(store, "a/", { limit: 100 }), ["a/1", "a/2", "a/ü", "a/🦊"]);
    assert.deepEqual(await keysOf(store, "a/1", { limit: 100 }), ["a/1"]);
    assert.deepEqual(await keysOf(store, "c", { limit: 100 }), []);
  });

  test("a list is read page by page, without a gap or a repetition", async () => {
    await using store = await open();
    const keys = Array.from({ length: 25 }, (_, i) => `page/${String(i).padStart(2, "0")}`);
    await store.put("other", from(""));
    for (const key of keys.toReversed()) await store.put(key, from(key));
    const read: string[] = [];
    for (let page = await keysOf(store, "page/", { limit: 10 }); page.length > 0; ) {
      read.push(...page);
      page = await keysOf(store, "page/", { limit: 10, after: page.at(-1) });
    }
    assert.deepEqual(read, keys);
    for (const limit of [0, 1_001, 0.5])
      await assert.rejects(store.list("", { limit }), (error) => isYardError(error, "invalid"));
  });
}

export interface OpenedUrls extends AsyncDisposable {
  readonly store: BlobStore;
  readonly urls: BlobUrls;
  /** What is in front of a URL that is not absolute. */
  readonly origin: string;
}

/** What presigned URLs must do, by any HTTP client that knows nothing but the URL.
 *  @param open a new empty store */
export function describeBlobUrls(name: string, open: () => Promise<OpenedUrls>): void {
  describe(`presigned URLs: ${name}`, () => {
    describeGrants(open);
    describeRefusals(open);
  });
}

const expiresInMs = 60_000;
/** As by a client that was given the URL: a body of a known length, and no header of its own. */
const send = (method: string, url: string, body?: Uint8Array) => fetch(url, { method, body });

function describeGrants(open: () => Promise<OpenedUrls>): void {
  test("whoever has the URL puts that content, and gets it, under any key", async () => {
    await using opened = await open();
    const { store, urls, origin } = opened;
    for (const key of [
      "artifacts/1.tar.gz",
      "two words",
      "../..//up",
      "Ünïcödé/文件/🦊",
      "a?b#c&d=e%2f+",
      "x".repeat(700),
    ]) {
      const content = randomBytes(1_000);
      const put = await urls.presign({ method: "PUT", key, expiresInMs, contentLength: content.length });
      const stored = await send("PUT", origin + put, content);
      assert.equal(stored.status, 200, await stored.text());
      assert.equal((await store.head(key)).bytes, content.length);
      const got = await send("GET", origin + (await urls.presign({ method: "GET", key, expiresInMs })));
      assert.equal(got.status, 200);
      assert.ok(Buffer.from(await got.arrayBuffer()).equals(content));
    }
  });

  test("nothing is content, too", async () => {
    await using opened = await open();
    const { store, urls, origin } = opened;
    const put = await urls.presign({ method: "PUT", key: "empty", expiresInMs, contentLength: 0 });
    assert.equal((await send("PUT", origin + put, new Uint8Array(0))).status, 200);
    assert.equal((await store.head("empty")).bytes, 0);
    const got = await send("GET", origin + (await urls.presign({ method: "GET", key: "empty", expiresInMs })));
    assert.deepEqual([got.status, (await got.arrayBuffer()).byteLength], [200, 0]);
  });

  test("a part is served, with the name that a browser saves it as", async () => {
    await using opened = await open();
    const { store, urls, origin } = opened;
    await store.put("digits", from("0123456789"));
    const url = origin + (await urls.presign({ method: "GET", key: "digits", expiresInMs, fileName: 'a"b\r\nü.txt' }));
    const part = await fetch(url, { headers: { range: "bytes=3-5" } });
    assert.deepEqual([part.status, await part.text()], [206, "345"]);
    assert.equal(part.headers.get("content-range"), "bytes 3-5/10");
    assert.match(part.headers.get("content-disposition") ?? "", /^attachment; filename="a\\"b__?_\.txt"; /);
    const whole = await fetch(url);
    assert.equal(await whole.text(), "0123456789");
    assert.ok(whole.headers.get("etag"));
    assert.equal((await fetch(url, { headers: { range: "bytes=10-" } })).status, 416);
  });
}

function describeRefusals(open: () => Promise<OpenedUrls>): void {
  test("what the URL was not signed for is refused with the reason as XML, and changes nothing", async () => {
    await using opened = await open();
    const { store, urls, origin } = opened;
    await store.put("mine", from("12345"));
    await store.put("other", from("12345"));
    const put = origin + (await urls.presign({ method: "PUT", key: "mine", expiresInMs, contentLength: 5 }));
    const get = origin + (await urls.presign({ method: "GET", key: "mine", expiresInMs }));
    const five = Buffer.from("54321");
    for (const [what, refused] of Object.entries({
      "a longer body": await send("PUT", put, Buffer.from("654321")),
      "a shorter body": await send("PUT", put, Buffer.from("4321")),
      "another key to write": await send("PUT", put.replace("mine", "other"), five),
      "another key to read": await send("GET", get.replace("mine", "other")),
      "writing with a URL to read": await send("PUT", get, five),
      "reading with a URL to write": await send("GET", put),
      deleting: await send("DELETE", put),
      "no signature": await send("GET", get.replace(/\?.*/, "")),
    })) {
      const text = await refused.text();
      assert.ok([403, 404, 405].includes(refused.status), `${what}: ${refused.status}`);
      if (refused.status === 403) assert.match(text, /<Error>.*<Code>\w+<\/Code>.*<Message>[^<]+<\/Message>/s, what);
    }
    for (const key of ["mine", "other"]) assert.equal(await textOf(store, key), "12345");
  });

  test("what is not there is 404", async () => {
    await using opened = await open();
    const { urls, origin } = opened;
    const missing = await send("GET", origin + (await urls.presign({ method: "GET", key: "none", expiresInMs })));
    assert.equal(missing.status, 404);
    assert.match(await missing.text(), /<Code>NoSuchKey<\/Code>/);
  });

  test("it expires, and is not made for too long", async () => {
    await using opened = await open();
    const { store, urls, origin } = opened;
    await store.put("key", from("content"));
    const url = origin + (await urls.presign({ method: "GET", key: "key", expiresInMs: 1_000 }));
    await until(async () => (await send("GET", url)).status === 403, { intervalMs: 100 });
    await assert.rejects(
      urls.presign({ method: "GET", key: "key", expiresInMs: 1e12 }),
      (error) => isYardError(error, "invalid") && error.field === "expiresInMs",
    );
  });
}
