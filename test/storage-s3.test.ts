/** A yard whose content lies in a store of S3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { findS3Server } from "../src/platform/testing/s3-program.ts";
import { sharedS3 } from "../src/platform/testing/s3-server.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const skip = skipUnless(findS3Server() !== undefined, "an S3 server", "npm run pretest, with Go installed");

test("a yard on S3 starts, serves, and refuses its own URLs that it has not signed", { skip }, async () => {
  const { endpoint, bucket, accessKey, secretKey } = await (await sharedS3()).createBucket();
  const flags = {
    "s3-endpoint": endpoint,
    "s3-bucket": bucket,
    "s3-access-key": accessKey,
    "s3-secret-key": secretKey,
  };
  await using opened = await openTestYard(flags);
  assert.equal((await fetch(`${opened.url}/readyz`)).status, 200);
  const refused = await fetch(`${opened.url}/yard/v1/blobs/tasks/x?expires=1&length=1&signature=x`, {
    method: "PUT",
    body: "x",
  });
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /<Code>AccessDenied<\/Code>/);
});

test("a yard whose bucket is not there says so instead of starting", { skip }, async () => {
  const { endpoint, accessKey, secretKey } = await (await sharedS3()).createBucket();
  const flags = {
    "s3-endpoint": endpoint,
    "s3-bucket": "nowhere",
    "s3-access-key": accessKey,
    "s3-secret-key": secretKey,
  };
  await assert.rejects(openTestYard(flags), /nowhere.*s3-/);
});
