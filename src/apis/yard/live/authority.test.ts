import assert from "node:assert/strict";
import { test } from "node:test";
import { YardError } from "../../../platform/errors.ts";
import { testPrincipal } from "../testing.ts";
import { judge } from "./authority.ts";

const before = testPrincipal({ permissions: new Set(["apps.list", "tasks.view"]), hostTags: ["a"] });

for (const { what, now, verdict } of [
  { what: "nothing has changed", now: { permissions: new Set(["tasks.view", "apps.list"]) }, verdict: "goes on" },
  { what: "a permission is gone", now: { permissions: new Set(["apps.list"]) }, verdict: "rights changed" },
  { what: "they have become an administrator", now: { isAdmin: true }, verdict: "rights changed" },
  {
    what: "they are in another team",
    now: { teams: new Map([["crew", "member"]] as const) },
    verdict: "rights changed",
  },
  { what: "they are held to other hosts", now: { hostTags: ["b"] }, verdict: "rights changed" },
] as const)
  test(`${what}: ${verdict}`, async () => {
    assert.equal(await judge(before, async () => ({ ...before, ...now })), verdict);
  });

for (const { code, verdict } of [
  { code: "unauthenticated", verdict: "session ended" },
  { code: "locked", verdict: "session ended" },
  { code: "unavailable", verdict: "goes on" },
] as const)
  test(`who they are cannot be told, as it is ${code}: ${verdict}`, async () => {
    assert.equal(await judge(before, () => Promise.reject(new YardError(code, "no"))), verdict);
  });
