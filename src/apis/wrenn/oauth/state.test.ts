import assert from "node:assert/strict";
import { test } from "node:test";
import { createOAuthState } from "./state.ts";

const state = createOAuthState(Buffer.alloc(32, 1));

test("a cookie is good with its own number alone, and tells what was wanted", () => {
  for (const intent of [undefined, "login", "signup"] as const) {
    const { cookie, nonce } = state.issue(intent);
    assert.deepEqual(state.accept(cookie, nonce), { intent });
    assert.equal(state.accept(cookie, state.issue(intent).nonce), undefined);
    assert.equal(state.accept(cookie, undefined), undefined);
  }
});

test("nothing else passes for a cookie of ours", () => {
  const { cookie, nonce } = state.issue(undefined);
  const [, mac] = cookie.split(":");
  const other = createOAuthState(Buffer.alloc(32, 2)).issue(undefined);
  for (const [forged, number] of [
    [undefined, nonce],
    ["", ""],
    [nonce, nonce],
    [`${nonce}:${"0".repeat(64)}`, nonce],
    [`${cookie}:login`, nonce],
    [`${nonce}:${mac}:`, nonce],
    [cookie.toUpperCase(), nonce],
    [other.cookie, other.nonce],
  ] as const)
    assert.equal(state.accept(forged, number), undefined, String(forged));
});
