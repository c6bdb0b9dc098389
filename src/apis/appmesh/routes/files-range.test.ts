import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { pathsMeant } from "./files-path.ts";
import { askedRange, contentDisposition } from "./files-range.ts";

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

test("every name of a file makes one header line that holds the name", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
      const header = contentDisposition(name);
      assert.match(header, /^attachment; filename="(?:[^"\\]|\\["\\])*"; filename\*=UTF-8''[\w%.~!$&+^`|#-]+$/);
      assert.match(header, /^[\x20-\x7e]*$/);
      assert.equal(decodeURIComponent(header.split("''").at(-1)!), name.toWellFormed());
    }),
  );
});

test("every path survives each client's way of sending it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
      const path = `/tmp/${name.toWellFormed()}`;
      const asForm = encodeURIComponent(path).replaceAll("%20", "+");
      for (const sent of [encodeURIComponent(path), asForm]) assert.equal(pathsMeant(sent)[0], path);
      const raw = Buffer.from(path).toString("latin1"); // as Node hands over the bytes of a header
      assert.ok(pathsMeant(raw).includes(path));
    }),
  );
});
