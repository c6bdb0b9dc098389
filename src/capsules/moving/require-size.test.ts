import assert from "node:assert/strict";
import { test } from "node:test";
import type { Limits } from "../../sandboxes/sandbox.ts";
import type { Capsule } from "../capsule.ts";
import { requireSize } from "./require-size.ts";

const mebibyte = 1024 * 1024;
const capsule = { id: "capsule_1", vcpus: 1, memoryMb: 160, diskMb: 10 } as Capsule;
const asAsked: Limits = { cpus: 1, memoryBytes: 160 * mebibyte, diskBytes: 10 * mebibyte, processes: 64 };
const imageWith = (limits: Limits) =>
  ({ driver: "microvm", version: 1, id: capsule.id, limits, data: {}, parts: [] }) as const;

test("a capsule that is as large as its team has asked for is taken", () => {
  requireSize(capsule, imageWith(asAsked));
});

for (const { what, limits } of [
  { what: "processors", limits: { ...asAsked, cpus: 2 } },
  { what: "memory", limits: { ...asAsked, memoryBytes: 161 * mebibyte } },
  { what: "disk", limits: { ...asAsked, diskBytes: 11 * mebibyte } },
  { what: "disk without end", limits: { cpus: 1, memoryBytes: asAsked.memoryBytes } },
] satisfies { what: string; limits: Limits }[]) {
  test(`one whose host says that it has other ${what} is refused`, () => {
    const refusal = { code: "precondition", field: "host", message: /was made with/ };
    assert.throws(() => requireSize(capsule, imageWith(limits)), refusal);
  });
}
