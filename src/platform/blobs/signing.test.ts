import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../errors.ts";
import { createSignedUrls } from "./signed-urls.ts";
import { type BlobRequest, createUrlSigner } from "./signing.ts";

const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time };
const signer = createUrlSigner({ secret: Buffer.alloc(32, 1), clock });
const expiresAt = clock.time + 60_000;

function accepts(request: BlobRequest): boolean {
  try {
    signer.verify(request);
    return true;
  } catch (error) {
    assert.ok(isYardError(error, "forbidden"));
    return false;
  }
}

const key = "a b/ü?&=";
const query = () => new URLSearchParams(signer.sign({ method: "PUT", key, expiresAt, contentLength: 5 }));
const request = (changes: Partial<BlobRequest> = {}): BlobRequest => ({
  method: "PUT",
  key,
  query: query(),
  contentLength: 5,
  ...changes,
});

test("a signed URL is good for what it was signed for", () => {
  assert.equal(accepts(request()), true);
  const unbounded = new URLSearchParams(signer.sign({ method: "GET", key, expiresAt }));
  assert.equal(accepts({ method: "GET", key, query: unbounded }), true);
  assert.equal(accepts({ method: "HEAD", key, query: unbounded }), true);
});

function changed(edit: (query: URLSearchParams) => void): Partial<BlobRequest> {
  const edited = query();
  edit(edited);
  return { query: edited };
}

for (const [what, changes] of Object.entries({
  "another method": { method: "GET" },
  "another key": { key: "a b/u" },
  "another length": { contentLength: 6 },
  "no length": { contentLength: undefined },
  "a later expiry": changed((query) => query.set("expires", String(expiresAt + 1))),
  "a removed length": changed((query) => query.delete("length")),
  "a changed length": { ...changed((query) => query.set("length", "6")), contentLength: 6 },
  "a name that was added": changed((query) => query.set("name", "index.html")),
  "no signature": changed((query) => query.delete("signature")),
  "a shorter signature": changed((query) => query.set("signature", query.get("signature")!.slice(0, 20))),
  "a changed signature": changed((query) => {
    const signature = query.get("signature")!;
    query.set("signature", (signature.startsWith("A") ? "B" : "A") + signature.slice(1));
  }),
  "no query at all": { query: new URLSearchParams() },
})) {
  test(`it is not good with ${what}`, () => assert.equal(accepts(request(changes)), false));
}

test("it is not good under another secret", () => {
  const other = createUrlSigner({ secret: Buffer.alloc(32, 2), clock });
  assert.throws(
    () => other.verify(request()),
    (error) => isYardError(error, "forbidden"),
  );
});

test("it is good until it expires, and no longer", () => {
  const signed = request();
  clock.time = expiresAt - 1;
  assert.equal(accepts(signed), true);
  clock.time = expiresAt;
  assert.equal(accepts(signed), false);
  clock.time = 1_000_000;
});

test("one that would be good for too long is not signed", () => {
  signer.sign({ method: "GET", key, expiresAt: clock.time + 15 * 60_000 });
  for (const late of [clock.time + 15 * 60_000 + 1, Number.NaN, Number.POSITIVE_INFINITY, clock.time + 0.5]) {
    assert.throws(
      () => signer.sign({ method: "GET", key, expiresAt: late }),
      (error) => isYardError(error, "invalid"),
    );
  }
});

test("the URL of a blob is below the yard's own server, wherever that is for the reader", async () => {
  const request = { method: "GET", key: "tasks/blob_1", expiresInMs: 1_000 } as const;
  assert.match(await createSignedUrls({ signer, clock }).presign(request), /^\/yard\/v1\/blobs\/tasks\/blob_1\?/);
  const origin = "https://yard.example";
  const absolute = await createSignedUrls({ signer, clock, origin }).presign(request);
  assert.match(absolute, /^https:\/\/yard\.example\/yard\/v1\/blobs\/tasks\/blob_1\?/);
});
