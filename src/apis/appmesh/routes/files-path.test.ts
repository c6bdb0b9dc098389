import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { pathsMeant } from "./files-path.ts";

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
