import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFileSync, globSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { isYardError } from "../errors.ts";
import { skipUnless } from "../testing/parts.ts";
import { findS3Server } from "../testing/s3-program.ts";
import { sharedS3, type TestBucket } from "../testing/s3-server.ts";
import { describeBlobStore, describeBlobUrls } from "./conformance.ts";
import { abortAbandoned } from "./s3-abandoned.ts";
import { openS3BlobStore } from "./s3-store.ts";
import { createS3Urls, mostPutBytes } from "./s3-urls.ts";

const skip = skipUnless(findS3Server() !== undefined, "an S3 server", "npm run pretest, with Go installed");
const partBytes = 5 * 1024 ** 2;
const open = async () => openS3BlobStore(await (await sharedS3()).createBucket());
const isUnavailable = (pattern: RegExp) => (error: unknown) =>
  isYardError(error, "unavailable") && pattern.test(error.message);

describe("S3", { skip }, () => {
  describeBlobStore("S3", open);
  describeBlobUrls("S3", async () => {
    const store = await open();
    return { store, urls: store, origin: "", [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  });

  test("content beyond one part goes in parts, and is whole or not there", async () => {
    await using store = await openS3BlobStore({ ...(await openBucket()).options, partBytes });
    const content = randomBytes(3 * partBytes + 1);
    const pieces = function* () {
      for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000);
    };
    const { bytes } = await store.put("large", Readable.from(pieces()), { bytes: content.length });
    assert.equal(bytes, content.length);
    assert.ok((await buffer((await store.get("large")).stream)).equals(content));
    const part = await store.get("large", { range: { offset: partBytes - 10, length: 20 } });
    assert.ok((await buffer(part.stream)).equals(content.subarray(partBytes - 10, partBytes + 10)));
    await assert.rejects(store.put("short", Readable.from(pieces()), { bytes: content.length + 1 }), (error) =>
      isYardError(error, "invalid"),
    );
    await assert.rejects(store.head("short"), (error) => isYardError(error, "not_found"));
  });

  test("an upload that S3 does not take in one request goes to the yard", async () => {
    await using store = await open();
    const own = { presign: async () => "/own" };
    const put = { method: "PUT", key: "large", expiresInMs: 60_000 } as const;
    const urls = createS3Urls(store, own);
    assert.equal(await urls.presign({ ...put, contentLength: mostPutBytes + 1 }), "/own");
    assert.match(await urls.presign({ ...put, contentLength: mostPutBytes }), /^http.*X-Amz-Signature=/);
    assert.match(await urls.presign({ ...put, method: "GET" }), /^http.*X-Amz-Signature=/);
  });

  test("what a put in parts has left behind when it failed is nothing", async () => {
    const { client, bucket, options } = await openBucket();
    await using store = await openS3BlobStore({ ...options, partBytes });
    const broken = async function* () {
      for (let i = 0; i < 12; i++) yield Buffer.alloc(1024 ** 2);
      throw new Error("the line went dead");
    };
    await assert.rejects(store.put("large", broken()), /line went dead/);
    assert.deepEqual((await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [], []);
  });

  test("uploads that somebody has abandoned are ended, younger ones are not", async () => {
    const { client, bucket } = await openBucket();
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "left!" }));
    assert.equal(await abortAbandoned({ client, Bucket: bucket }, Date.now() - 3_600_000), 0);
    assert.equal(await abortAbandoned({ client, Bucket: bucket }, Date.now() + 3_600_000), 1);
    assert.deepEqual((await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [], []);
  });

  test("damaged content fails at its end, whoever has damaged it", async () => {
    const { bucket, options } = await openBucket();
    const { directory } = await sharedS3();
    await using store = await openS3BlobStore(options);
    await store.put("some/content", Readable.from([Buffer.from("as it was")]));
    appendFileSync(join(directory, bucket, "some", "content!"), " not");
    await assert.rejects(buffer((await store.get("some/content")).stream), isUnavailable(/damaged/));
  });

  test("a bucket that is not there, or goes, and wrong keys are told clearly, without the keys", async () => {
    const { bucket, options } = await openBucket();
    const { directory } = await sharedS3();
    await assert.rejects(openS3BlobStore({ ...options, bucket: "not-there" }), isUnavailable(/not-there/));
    await assert.rejects(openS3BlobStore({ ...options, secretKey: "wr0ng" }), (error) => {
      assert.ok(isYardError(error, "unavailable"));
      assert.match(error.message, /key/);
      assert.doesNotMatch(error.message, /wr0ng/);
      return true;
    });
    await using store = await openS3BlobStore(options);
    for (const path of globSync(join(directory, bucket))) rmSync(path, { recursive: true });
    await assert.rejects(store.put("key", Readable.from([Buffer.from("x")])), isUnavailable(/no such bucket/));
  });

  test("a store that is busy is asked again, a few times; one that cannot be reached is told", async () => {
    let asked = 0;
    await using server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(503, { "content-type": "application/xml" });
      response.end("<Error><Code>SlowDown</Code><Message>slow down</Message></Error>");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = { endpoint, region: "us-east-1", bucket: "busy", accessKey: "a", secretKey: "b", maxAttempts: 3 };
    await assert.rejects(openS3BlobStore(options), isUnavailable(/Try again/));
    assert.equal(asked, 3);
    const gone = { ...options, endpoint: "http://127.0.0.1:1" };
    await assert.rejects(openS3BlobStore(gone), isUnavailable(/cannot be reached/));
  });
});

async function openBucket(): Promise<{ client: S3Client; bucket: string; options: TestBucket }> {
  const options = await (await sharedS3()).createBucket();
  const { endpoint, region, bucket, accessKey, secretKey } = options;
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  return { client: new S3Client({ endpoint, region, forcePathStyle: true, credentials }), bucket, options };
}
