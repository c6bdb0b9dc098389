import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { matchesHost, parseHostPattern } from "./host-pattern.ts";
import { matchesPath, parsePathPattern } from "./path-pattern.ts";

describe("a host pattern", () => {
  for (const [pattern, url, expected] of [
    ["example.com", "https://example.com/", true],
    ["example.com", "http://example.com/", true],
    ["EXAMPLE.com", "https://example.COM/", true],
    ["example.com", "https://example.com:443/", true],
    ["example.com", "https://example.com:8443/", false],
    ["example.com", "http://example.com:443/", false],
    ["example.com", "https://www.example.com/", false],
    ["example.com", "https://example.com.evil.org/", false],
    ["example.com", "https://example.com@evil.org/", false],
    ["example.com:443", "https://example.com/", true],
    ["example.com:8443", "https://example.com:8443/", true],
    ["example.com:*", "https://example.com:1/", true],
    ["https://example.com", "http://example.com/", false],
    ["https://example.com", "https://example.com/", true],
    ["*.example.com", "https://a.b.example.com/", true],
    ["*.example.com", "https://example.com/", false],
    ["*.example.com", "https://evilexample.com/", false],
    ["*", "https://anything.org/", true],
    ["*", "https://anything.org:8443/", false],
    ["bücher.example", "https://xn--bcher-kva.example/", true],
    ["127.0.0.1:*", "http://0x7f.1:99/", true],
    ["127.0.0.1", "http://2130706433/", true],
    ["[::1]:80", "http://[0:0::1]/", true],
  ] as const)
    test(`${pattern} is ${expected ? "" : "not "}for ${url}`, () =>
      assert.equal(matchesHost(parseHostPattern(pattern), new URL(url)), expected));

  for (const text of [
    "",
    "a b",
    "ftp://a",
    "a/b",
    "a@b",
    "*.*",
    "a*.b",
    "*.127.0.0.1",
    "a:b",
    "http://",
    "256.1.1.1",
    "[::1",
  ])
    test(`${JSON.stringify(text)} is none`, () => assert.throws(() => parseHostPattern(text), RangeError));
});

describe("a path pattern", () => {
  for (const [pattern, path, expected] of [
    ["/a", "/a", true],
    ["/a", "/a/", false],
    ["/a/*", "/a/b", true],
    ["/a/*", "/a/b/c", false],
    ["/a/**", "/a/b/c", true],
    ["/a/**", "/ab", false],
    ["/a/*/c", "/a/b/c", true],
    ["/v1.0/*", "/v1x0/b", false],
    ["/public/**", "/public/../admin", false],
    ["/public/**", "/public/%2e%2e/admin", false],
    ["/public/**", "/public/..%2fadmin", false],
    ["/public/**", "/public/..%5cadmin", false],
    ["/public/**", "/public/..%252fadmin", false],
    ["/public/**", "/public/%ff", false],
    ["/projects/**", "/projects/group%2Fname/issues", true],
    ["/files/*", "/files/a%2Fb", false],
  ] as const)
    test(`${pattern} is ${expected ? "" : "not "}for ${path}`, () =>
      assert.equal(matchesPath([parsePathPattern(pattern)], new URL(path, "http://a")), expected));

  test("matches what the regular expression of the same meaning does", () => {
    const piece = fc.constantFrom("*", "**", "/", "a", "b", ".");
    const pattern = fc
      .array(piece, { maxLength: 8 })
      .map((pieces) => `/${pieces.join("")}`.replaceAll(/\*{3,}/g, "**"));
    const path = fc.array(fc.constantFrom("/", "a", "b", "c"), { maxLength: 8 }).map((chars) => `/${chars.join("")}`);
    fc.assert(
      fc.property(pattern, path, (pattern, path) => {
        const source = pattern.replaceAll(".", "\\.").replaceAll(/\*\*?/g, (star) => (star === "*" ? "[^/]*" : ".*"));
        const expected = [path, path.replaceAll(/\/+/g, "/")].every((read) => new RegExp(`^${source}$`).test(read));
        assert.equal(matchesPath([parsePathPattern(pattern)], new URL(`http://a${path}`)), expected);
      }),
      { numRuns: 500 },
    );
  });

  test("does not go back and forth in a path that was made for it", () => {
    const pattern = parsePathPattern(`/${"**a".repeat(20)}**b`);
    const startedAt = performance.now();
    assert.equal(matchesPath([pattern], new URL(`http://a/${"a".repeat(8_000)}`)), false);
    assert.ok(performance.now() - startedAt < 2_000);
  });

  for (const text of ["", "a", "a/b", "/a?b", "/a#b", "/a b"])
    test(`${JSON.stringify(text)} is none`, () => assert.throws(() => parsePathPattern(text), RangeError));
});
