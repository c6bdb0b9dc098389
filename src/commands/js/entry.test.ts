import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createContext, Script } from "node:vm";
import { readEntry } from "./entry.ts";

process.removeAllListeners("warning"); // of type stripping, that it is experimental

/** The values that entries come to when they share nothing but their global object, as on the yard. */
function evaluate(...entries: readonly string[]): unknown[] {
  const context = createContext({});
  return entries.map((text) => {
    const entry = readEntry(text);
    assert.equal(entry.kind, "ready", text);
    // Indirect eval in a function's place: declarations that are left end with the entry.
    return entry.kind === "ready"
      ? new Script(`"use strict"; (0, eval)(${JSON.stringify(`"use strict"; {${entry.source}\n}`)})`).runInContext(
          context,
        )
      : undefined;
  });
}

describe("what an entry declares is there for the next one", () => {
  for (const { entries, last } of [
    { entries: ["let a = 1", "a + 1"], last: 2 },
    { entries: ["const a = 1, b = 2, c = a + b", "c"], last: 3 },
    {
      entries: [
        "let { x, y: [z = 9, ...rest], ...others } = { x: 1, y: [undefined, 3], o: 5 }",
        "[x, z, rest[0], others.o].join()",
      ],
      last: "1,9,3,5",
    },
    { entries: ["function twice(n) { return 2 * n }", "twice(4)"], last: 8 },
    { entries: ["double(4); function double(n) { globalThis.seen = 2 * n }", "seen"], last: 8 },
    { entries: ["class A { #x = 7; get() { return this.#x } }", "new A().get() + A.name"], last: "7A" },
    { entries: ["const f = () => {}", "f.name"], last: "f" },
    { entries: ["function named() {}", "named.name"], last: "named" },
    { entries: ["const n: number = 5; interface N {}", "n"], last: 5 },
    { entries: ["enum Color { Red = 3 }", "Color.Red + Color[3]"], last: "3Red" },
  ])
    test(entries.join(" ⏎ "), () => assert.equal(evaluate(...entries).at(-1), last));

  test("a function sees the variables of its entry as they are later, not as they were", () => {
    assert.deepEqual(
      evaluate("let n = 0; function inc() { n++ }", "inc(); inc()", "n", "n = 10", "inc(); n").at(-1),
      11,
    );
    assert.deepEqual(
      evaluate("function a() { return b() }; function b() { return 1 }", "function b() { return 2 }", "a()").at(-1),
      2,
    );
  });

  test("it may be declared anew; `let` forgets the value and `var` keeps it", () => {
    assert.deepEqual(evaluate("const a = 1", "let a", "a"), [undefined, undefined, undefined]);
    assert.equal(evaluate("let a = 1", "var a", "a").at(-1), 1);
  });

  test("a declaration has no value to show", () => {
    assert.deepEqual(evaluate("let a = 1", "function f() {}", "class A {}"), [undefined, undefined, undefined]);
  });

  test("what stands between and inside is left as it is", () => {
    assert.equal(evaluate("let t = 0\nfor (let i = 0; i < 3; i++) { const t2 = i; t += t2 }\nt").at(-1), 3);
    assert.equal(evaluate("let s = 'let a = 1' // let b\ns").at(-1), "let a = 1");
  });
});

test("braces alone are an object, unless a semicolon says otherwise", () => {
  assert.equal(evaluate('{ a: 1, b: "}" }').map((value) => JSON.stringify(value))[0], '{"a":1,"b":"}"}');
  assert.deepEqual(readEntry("{ let a = 1 };"), { kind: "ready", source: "{ let a = 1 };" });
});

for (const text of [
  "function f(x) {",
  "[1,",
  "`abc",
  "`${",
  "/* x",
  "'abc\\",
  "1 +",
  "a.",
  "if (1) {} else",
  "async () => {",
  "interface A {",
  "const f = (x: number) => {",
  "let y: Map<string,",
  "{",
  "{ a",
])
  test(`${text} asks for more`, () => assert.deepEqual(readEntry(text), { kind: "incomplete" }));

for (const text of ["a b", "'abc", "return 1", ")", "let let = 1", "const x: = 1", "1x", "}{"])
  test(`${text} is faulty`, () => assert.equal(readEntry(text).kind, "faulty"));

for (const text of ["", "   ", "// nothing"])
  test(`"${text}" is whole`, () => assert.equal(readEntry(text).kind, "ready"));
