import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { isYardError } from "../errors.ts";
import { createSecretBox } from "./secret-box.ts";

const box = createSecretBox(randomBytes(32));
const isRefused = (error: unknown) => isYardError(error, "internal") && !error.message.includes("s3cret");

test("what was sealed opens at the same place", () => {
  for (const text of ["", "s3cret", "schlüssel ☂", "x".repeat(100_000)]) {
    assert.equal(box.open(box.seal(text, "users.totp_secret:1"), "users.totp_secret:1"), text);
  }
});

test("two seals of one text differ and hide it", () => {
  assert.notEqual(box.seal("s3cret", "here"), box.seal("s3cret", "here"));
  assert.doesNotMatch(Buffer.from(box.seal("s3cret", "here").slice(3), "base64url").toString("latin1"), /s3cret/);
});

test("a value that was moved to another row does not open", () => {
  assert.throws(() => box.open(box.seal("s3cret", "users.totp_secret:1"), "users.totp_secret:2"), isRefused);
});

test("a value of another key does not open", () => {
  assert.throws(() => createSecretBox(randomBytes(32)).open(box.seal("s3cret", "here"), "here"), isRefused);
});

test("no bit of a sealed value can be changed, and none can be cut off", () => {
  const sealed = box.seal("s3cret", "here");
  const bytes = Buffer.from(sealed.slice(3), "base64url");
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.throws(() => box.open(`v1.${changed.toString("base64url")}`, "here"), isRefused);
    assert.throws(() => box.open(`v1.${bytes.subarray(0, index).toString("base64url")}`, "here"), isRefused);
  }
  assert.throws(() => box.open(sealed.replace("v1.", "v2."), "here"), isRefused);
});
