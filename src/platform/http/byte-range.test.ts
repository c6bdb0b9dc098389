import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { askedRange } from "./byte-range.ts";

test("whatever is asked for, what is served lies within the file and is not empty unless the file is", () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.option(fc.nat()), fc.option(fc.nat())).map(([a, b]) => `bytes=${a ?? ""}-${b ?? ""}`),
  );
  fc.assert(
    fc.property(header, fc.nat({ max: 1_000 }), (text, bytes) => {
      const range = askedRange(text, undefined, { bytes, tag: '"t"' });
      if (!range) return;
      assert.ok(range.start >= 0 && range.start + range.length <= bytes);
      assert.ok(range.isPart ? range.length > 0 : range.start === 0 && range.length === bytes);
    }),
  );
});
