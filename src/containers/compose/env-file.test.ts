// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose spells its variables so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEnvFile } from "./env-file.ts";
import { ComposeError, createFaults } from "./faults.ts";

const outside = (name: string) => ({ HOME_TOWN: "Bern" })[name];

function parse(text: string): Record<string, string> {
  const faults = createFaults({ stack: "web", directory: "/stacks/web" });
  const variables = parseEnvFile(text, { file: "/stacks/web/.env", outside, faults });
  faults.throwIfAny();
  return Object.fromEntries(variables);
}

const quote = '"';
for (const [name, text, expected] of [
  ["a plain line", "A=1", { A: "1" }],
  ["several lines, with Windows' ends", "A=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["blank lines and comments", "\n# x\n  # y=1\nA=1\n\n", { A: "1" }],
  ["spaces around", "  A = 1  ", { A: "1" }],
  ["export", "export A=1", { A: "1" }],
  ["a colon", "A: 1", { A: "1" }],
  ["an empty value", "A=\nB=2", { A: "", B: "2" }],
  ["a comment behind", "A=1 # one", { A: "1" }],
  ["a comment in place of a value", "A= # none", { A: "" }],
  ["a # inside of a word", "A=a#b", { A: "a#b" }],
  ["an = in the value", "A=b=c", { A: "b=c" }],
  ["double quotes", 'A="x # y" # z', { A: "x # y" }],
  ["single quotes", "A='x $HOME_TOWN'", { A: "x $HOME_TOWN" }],
  ["escapes in double quotes", 'A="a\\n\\"b\\" \\\\ \\t"', { A: 'a\n"b" \\ \t' }],
  ["an escaped dollar", 'A="\\$HOME_TOWN"', { A: "$HOME_TOWN" }],
  ["no escapes in single quotes", "A='a\\nb'", { A: "a\\nb" }],
  ["several lines in quotes", 'A="one\ntwo"\nB=2', { A: "one\ntwo", B: "2" }],
  ["variables of before", "A=1\nB=${A}2\nC=$B", { A: "1", B: "12", C: "12" }],
  ["variables in double quotes", 'A="in $HOME_TOWN"', { A: "in Bern" }],
  ["defaults", "A=${NONE:-x}", { A: "x" }],
  ["a name alone, which is set elsewhere", "HOME_TOWN", { HOME_TOWN: "Bern" }],
  ["a name alone, which is set nowhere", "NOWHERE\nA=1", { A: "1" }],
  ["the last of two", "A=1\nA=2", { A: "2" }],
  ["a byte order mark", "\uFEFFA=1", { A: "1" }],
] as const) {
  test(`${name} is read`, () => assert.deepEqual(parse(text), expected));
}

for (const [name, text, expected] of [
  ["a line without =", "A=1\nwhat is this", [".env:2:1: The line is no NAME=value."]],
  ["a name with other signs", "a b=1", [".env:1:1: The line is no NAME=value."]],
  [
    "a quote that does not end",
    `A=1\nB=${quote}x\nC=3`,
    [".env:2:1: B has a quote that does not end, or something behind it"],
  ],
  ["something behind a quote", "A='x' y", [".env:1:1: A has a quote that does not end, or something behind it"]],
  ["what is needed", "A=${NONE:?say it}", [".env:1:1: A needs the variable NONE, which is not set: say it"]],
] as const) {
  test(`${name} is refused with its line`, () => {
    assert.throws(
      () => parse(text),
      (error) => {
        assert.deepEqual(error instanceof ComposeError && error.message.split("\n").slice(1), expected);
        return true;
      },
    );
  });
}

test("values that double themselves end", () => {
  const text = Array.from({ length: 60 }, (_, index) => `A${index + 1}=$A${index}$A${index}`).join("\n");
  assert.throws(() => parse(`A0=xxxxxxxx\n${text}`), /longer than/);
});

test("a fault names no value", () => {
  assert.throws(
    () => parse("secret-value-without-name\nA='hunter2"),
    (error) => !/secret-value|hunter2/.test(String(error)),
  );
});
