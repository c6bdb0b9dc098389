import assert from "node:assert/strict";
import { test } from "node:test";
import { compileScript, maxParsedCharacters, ScriptSyntaxError } from "./compile.ts";

test("a script without imports and exports becomes a function, one with them a module", () => {
  for (const [source, kind] of [
    ["1 + 1", "function"],
    ["await import('x')", "function"],
    ["'import this'", "function"],
    ["import x from 'y'", "module"],
    ["export const a = 1", "module"],
    ["import.meta.url", "module"],
    ["function F() { return new.target }; F()", "function"],
  ] as const)
    assert.equal(compileScript(source).kind, kind, source);
});

test("imports of JSON are found by their attributes", () => {
  const { imports } = compileScript(
    `import a from 'a' with { type: 'json' }; import 'b' with { "type": "json" }; export { c } from 'c' with { type: 'css' };
     await import('d', { with: { type: 'json' } }); await import('e', {}); import 'f'; await import('f', { with: { 'type': 'json' } });`,
  );
  const wanted = Object.fromEntries(imports.map(({ specifier, type }) => [specifier, type]));
  assert.deepEqual(wanted, { a: "json", b: "json", c: undefined, d: "json", e: undefined, f: "json" });
});

test("imports are found, static ones and literal dynamic ones", () => {
  const { imports } = compileScript("import a from 'one'; export * from 'two'; await import('three'); import(a)");
  assert.deepEqual(imports.map(({ specifier }) => specifier).sort(), ["one", "three", "two"]);
});

test("a position in what is evaluated leads back to the source", () => {
  const source = "let a = 1;\n  (a.b).c;";
  const { code, locate } = compileScript(source);
  const lines = code.split("\n");
  const column = lines[1]!.indexOf(".c") + 1;
  assert.deepEqual(locate({ line: 2, column }), { line: 2, column: 8 });
  assert.deepEqual(locate({ line: 1, column: lines[0]!.indexOf("let") + 1 }), { line: 1, column: 1 });
});

test("positions survive the rewriting of enums", () => {
  const source = "enum Level {\n  Low,\n  High,\n}\nnull.x";
  const { code, locate } = compileScript(source);
  const line = code.split("\n").findIndex((text) => text.includes("null")) + 1;
  assert.equal(locate({ line, column: code.split("\n")[line - 1]!.indexOf("null") + 1 })?.line, 5);
});

test("the name of a module's result is free", () => {
  assert.equal(compileScript("export const $result = 1; $result").resultName, "$result_");
});

test("what is neither JavaScript nor TypeScript is refused, with the position", () => {
  for (const source of ["let a = [", "const a: = 1", "let x = <div/>", "return 1", "await = 3"])
    assert.throws(() => compileScript(source), ScriptSyntaxError, source);
  assert.throws(() => compileScript("let a;\nlet b = ;"), /line 2/);
});

test("a source too long to be parsed goes to the engine as it is", () => {
  const source = `${"/".repeat(maxParsedCharacters + 1)}\nlet a = [`;
  assert.deepEqual(compileScript(source).code, source);
});
