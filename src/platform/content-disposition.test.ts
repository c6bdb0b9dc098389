import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { contentDisposition } from "./content-disposition.ts";

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
