import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeKey, encodeKey, keyOfObject, objectNameOf } from "./key-names.ts";

for (const [key, name] of [
  ["artifacts/01hx-7.tar.gz", "artifacts/01hx-7.tar.gz"],
  ["snapshots/pack_01", "snapshots/pack_01"],
  ["Two words", "=54wo(20words"],
  ["../x", "(2e./x"],
  ["a//b/", "a/(2fb/"],
  ["/", "(2f"],
  ["é", "~c3~a9"],
] as const) {
  test(`${JSON.stringify(key)} is written ${name}`, () => {
    assert.equal(encodeKey(key), name);
    assert.equal(decodeKey(name), key);
  });
}

const characters = fc.constantFrom(
  "a",
  "b",
  "z",
  "A",
  "0",
  "9",
  "/",
  ".",
  "-",
  "_",
  "`",
  " ",
  "!",
  "(",
  ")",
  "~",
  "=",
  "é",
  "🦊",
);
const keys = fc.oneof(
  fc.string({ unit: characters, minLength: 1, maxLength: 12 }),
  fc.string({ unit: characters, minLength: 120, maxLength: 400 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
);
const compareBytes = (a: string, b: string) => Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));

test("a key comes back from its name, and no part of a name is special or long", () => {
  fc.assert(
    fc.property(keys, (key) => {
      assert.equal(decodeKey(encodeKey(key)), key);
      const { name, isCut } = objectNameOf(key);
      assert.equal(keyOfObject(name), isCut ? undefined : key);
      assert.match(name, /^[-.!()/0-9=_`a-z~]{1,1024}$/);
      for (const segment of name.split("/")) {
        assert.match(segment, /^[^.-]/);
        assert.ok(segment.length <= 255, segment);
      }
    }),
  );
});

test("names sort as their keys do, and a prefix stays one", () => {
  fc.assert(
    fc.property(keys, keys, fc.boolean(), (one, other, together) => {
      const [a, b] = together ? [one, one + other] : [one, other];
      const names = [objectNameOf(a), objectNameOf(b)] as const;
      if (names.some(({ isCut }) => isCut)) return;
      assert.equal(compareBytes(names[0].name, names[1].name), compareBytes(a, b));
      if (b.startsWith(a)) assert.ok(encodeKey(b).startsWith(encodeKey(a)));
    }),
  );
});

test("a name that is too long is cut, and still one of its own", () => {
  const [one, other] = [objectNameOf(`${"ü".repeat(511)}a`), objectNameOf(`${"ü".repeat(511)}b`)];
  assert.ok(one.isCut && one.name.length <= 1_024);
  assert.notEqual(one.name, other.name);
});

test("what is no encoded key is told", () => {
  for (const name of ["A", "(61", "(2", "a)b", "a/./b", "=zz"]) assert.equal(decodeKey(name), undefined, name);
});
