import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { matchesPackage, parsePackageName, parsePackagePattern } from "./package-name.ts";
import { resolveSpecifier } from "./specifier.ts";

const bases = { npm: new URL("https://cdn.test/"), jsr: new URL("https://cdn.test/jsr/") };
const importer = new URL("https://cdn.test/a/b.js?x");

describe("a specifier", () => {
  for (const [specifier, referrer, url] of [
    ["npm:lodash-es", undefined, "https://cdn.test/lodash-es"],
    ["npm:lodash-es@4", undefined, "https://cdn.test/lodash-es@4"],
    ["npm:@scope/name@^1.2.3/deep/file.js", undefined, "https://cdn.test/@scope/name@%5E1.2.3/deep/file.js"],
    ["jsr:@std/path@1/join", undefined, "https://cdn.test/jsr/@std/path@1/join"],
    ["jsr:/@std/path", undefined, "https://cdn.test/jsr/@std/path"],
    ["https://a.test/m.js#part", undefined, "https://a.test/m.js"],
    ["HTTPS://A.test:443/m.js", undefined, "https://a.test/m.js"],
    ["./c.js", importer, "https://cdn.test/a/c.js"],
    ["../c.js", importer, "https://cdn.test/c.js"],
    ["/c.js", importer, "https://cdn.test/c.js"],
    ["//other.test/c.js", importer, "https://other.test/c.js"],
  ] as const)
    test(`${specifier} is ${url}`, () => assert.equal(resolveSpecifier(specifier, referrer, bases).url.href, url));

  for (const [specifier, referrer, reason] of [
    ["./c.js", undefined, /a script has no address .* only npm:, jsr:, https: and http: modules are supported/],
    ["lodash", undefined, /only npm:, jsr:, https: and http: modules are supported/],
    ["node:fs", undefined, /only npm:/],
    ["file:///etc/passwd", undefined, /only npm:/],
    ["data:text/javascript,1", importer, /only npm:/],
    ["npm:../../admin", undefined, /no name of a package/],
    ["npm:a/../../b", undefined, /no name of a package/],
    ["npm:a?b", undefined, /no name of a package/],
    ["npm:a%2f..", undefined, /no name of a package/],
    ["npm:", undefined, /no name of a package/],
    ["npm:https://evil.test/", undefined, /no name of a package/],
    ["npm://evil.test/", undefined, /no name of a package/],
    ["https://user:secret@a.test/", undefined, /cannot hold a user/],
    [`https://a.test/${"a".repeat(5_000)}`, undefined, /too long/],
  ] as const)
    test(`${specifier.slice(0, 40)} is refused`, () =>
      assert.throws(() => resolveSpecifier(specifier, referrer, bases), reason));

  test("of a package needs a base", () =>
    assert.throws(() => resolveSpecifier("jsr:@a/b", undefined, { npm: bases.npm }), /names no base for jsr:/));
});

describe("a pattern of packages", () => {
  for (const [pattern, name, isGranted] of [
    ["npm:lodash-es", "npm:lodash-es", true],
    ["npm:lodash-es", "npm:lodash-es@4.17.21/add", true],
    ["npm:lodash-es", "npm:lodash", false],
    ["npm:lodash-es", "jsr:lodash-es", false],
    ["npm:lodash-es@4", "npm:lodash-es@4", true],
    ["npm:lodash-es@4", "npm:lodash-es@4.17.21", true],
    ["npm:lodash-es@4", "npm:lodash-es@41", false],
    ["npm:lodash-es@4", "npm:lodash-es@^4", false],
    ["npm:lodash-es@4", "npm:lodash-es", false],
    ["npm:@scope/*", "npm:@scope/any@1/x", true],
    ["npm:@scope/*", "npm:@scope-2/any", false],
    ["npm:lodash*", "npm:lodash-es", true],
    ["npm:*", "npm:@any/thing", true],
    ["npm:*-plugin", "npm:@evil/x-plugin", false],
  ] as const)
    test(`${pattern} ${isGranted ? "is" : "is not"} for ${name}`, () => {
      const [scheme, rest] = name.split(/:(.*)/s) as ["npm" | "jsr", string];
      const parsed = parsePackageName(scheme, rest);
      assert.ok(parsed);
      assert.equal(matchesPackage(parsePackagePattern(pattern), parsed), isGranted);
    });

  for (const text of ["lodash", "npm:", "npm:a b", "npm:a/b/c", "deno:a", "npm:a@", "npm:../x/y"])
    test(`${text} is none`, () => assert.throws(() => parsePackagePattern(text), RangeError));
});
