/** Templates: their places, what fills them, and what is kept. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { systemClock } from "../../platform/clock.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { builtInTemplates } from "./built-in.ts";
import { findPlaceholders } from "./placeholders.ts";
import { prepareStack } from "./prepare.ts";
import type { Template, TemplateInput } from "./template.ts";
import { openTemplates } from "./templates.ts";
import { parametersOf } from "./values.ts";

const input: TemplateInput = {
  ...{ slug: "web", name: "Web", description: "", iconUrl: "", env: "", parameters: [], author: "", version: "" },
  compose: "services: {a: {image: x}}\n",
};
const template = (changes: Partial<TemplateInput>): Template => ({
  ...{ ...input, ...changes, id: 1, isBuiltIn: false, isTrusted: true, createdAt: 0, updatedAt: 0 },
});
const filled = (compose: string, values: Record<string, string> = {}, more: Partial<TemplateInput> = {}) =>
  prepareStack(template({ compose, ...more }), values);

describe("a place", () => {
  test("says what fills it; a bar and brackets may be of a pattern", () => {
    const text = "{{ A }} {{B|default:x: y | secret}} {{ C | enum: a, b | required }} {{ D | pattern:a|b{2,3}|\\d{2}}}";
    assert.deepEqual(
      findPlaceholders(text).map(({ parameter }) => parameter),
      [
        { name: "A" },
        { name: "B", default: "x: y", secret: true },
        { name: "C", enum: ["a", "b"], required: true },
        { name: "D", pattern: "a|b{2,3}|\\d{2}" },
      ],
    );
  });

  test("is not what engines fill, nor what has no end", () => {
    assert.deepEqual(findPlaceholders("{{.Node.Hostname}} {{ 1 }} {{ a b }} {{}} {{ A"), []);
    assert.equal(findPlaceholders("{{.X}}{{ A }}").length, 1);
    const start = performance.now();
    findPlaceholders("{{".repeat(200_000));
    findPlaceholders("{{ A | ".repeat(50_000));
    assert.ok(performance.now() - start < 5_000);
  });

  test("is what was declared of it, before what the text says", () => {
    const parameters = [{ name: "A", default: "declared", type: "number" }, { name: "Z" }] as const;
    assert.deepEqual(
      parametersOf({ compose: "{{ A | default:inline | required }} {{ B }}", env: "{{C}}", parameters }),
      [{ name: "A", default: "declared", type: "number", required: true }, { name: "Z" }, { name: "B" }, { name: "C" }],
    );
  });
});

describe("a template is filled", () => {
  test("with what is given, else with what is usual, and comments stay", () => {
    const text =
      "# kept {{ A }}\nservices:\n  {{ NAME | default:app }}:\n    image: x:{{ TAG | default:1.0 }}\n    scale: {{ N }}\n";
    const { compose } = filled(text, { N: "3", TAG: "2" });
    assert.match(compose, /^# kept …\n/);
    assert.deepEqual(parse(compose), { services: { app: { image: "x:2", scale: 3 } } });
  });

  for (const evil of [
    'x", privileged: true, a: "y',
    "x, privileged: true",
    "*a",
    "&a x",
    "!!js/function x",
    "x # y",
    "x: y",
    "- x",
    "{a: b}",
    "'",
    "%x",
  ])
    test(`with ${evil}, which stays a text wherever it stands`, () => {
      const text =
        'a: {{ V }}\nb: "{{ V }}"\nc: \'{{ V }}\'\nd: [{{ V }}, "x{{ V }}y"]\ne: |\n  {{ V }}\nf: x{{ V }}y\n';
      const { compose } = filled(text, { V: evil });
      const x = `x${evil}y`;
      assert.deepEqual(parse(compose), { a: evil, b: evil, c: evil, d: [evil, x], e: `${evil}\n`, f: x });
    });

  test("with a value that looks like a variable, and is none", () => {
    const { compose, env } = filled("a: {{ V }}\nb: $X\n", { V: "a$b $HOME" }, { env: "V={{ V }}\nX=1\n" });
    assert.deepEqual(parse(compose), { a: "a$$b $$HOME", b: "$X" });
    assert.equal(env, "V='a$b $HOME'\nX=1\n");
  });

  test("with secrets that are made up, or given, and neither are shown", () => {
    const text = "a: {{ P | secret }}\nb: {{ P }}\nc: {{ Q }}\n";
    const parameters = [{ name: "Q", type: "secret" }] as const;
    const one = filled(text, { Q: "the-secret" }, { parameters });
    const { a, b, c } = parse(one.compose);
    assert.ok(a === b && a.length >= 40 && c === "the-secret", one.compose);
    assert.deepEqual(one.shownValues, { Q: "<secret>", P: "<generated>" });
    assert.deepEqual(parse(one.shownCompose), { a: "<generated>", b: "<generated>", c: "<secret>" });
    assert.notEqual(parse(filled(text, {}, { parameters }).compose).a, a);
  });

  for (const [what, place, values] of [
    ["nothing that is needed", "{{ A | required }}", {}],
    ["another than it may have", "{{ A | enum:x,y }}", { A: "z" }],
    ["what does not match", "{{ A | pattern:[a-z]+ }}", { A: "ab1" }],
    ["what matches in part", "{{ A | pattern:a|b }}", { A: "ax" }],
    ["a line more", "{{ A }}", { A: "x\ny" }],
    ["what is too long", "{{ A }}", { A: "x".repeat(5_000) }],
    ["an unknown one", "{{ A }}", { B: "x" }],
    ["an unknown one", "{{ A }}", { constructor: "x" }],
  ] as const)
    test(`not with ${what}`, () =>
      assert.throws(() => filled(`a: ${place}\n`, values), { code: "invalid", field: /^values\./ }));

  test("not with what a variable's line cannot hold", () => {
    for (const [env, value] of [
      ["A=x{{ V }}", "a b"],
      ["A={{ V }}", "it's"],
      ['A="{{ V }}"', '"'],
    ] as const)
      assert.throws(() => filled("a: b\n", { V: value }, { env }), { code: "invalid", field: "values.V" });
  });

  test("in bounded time, whatever pattern somebody has written", () => {
    const start = performance.now();
    const text = "a: {{ A | pattern:(a+)+b }}\n";
    assert.throws(() => filled(text, { A: "a".repeat(4_000) }), { code: "precondition", message: /too long/ });
    assert.ok(performance.now() - start < 5_000);
  });

  test("not where YAML has no text", () => {
    assert.throws(() => filled("a: &{{ A }} x\n", { A: "b" }), { code: "precondition" });
    assert.throws(() => filled("a: [{{ A }}\n", { A: "b" }), { code: "precondition" });
  });

  for (const one of builtInTemplates)
    test(`as ${one.slug}, which the yard comes with`, () => {
      const values: Record<string, string> = one.slug === "worker" ? { IMAGE: "example.org/a/worker:1@sha256:00" } : {};
      const { compose } = prepareStack(template(one), values);
      assert.ok(Object.keys(parse(compose).services).length > 0);
    });
});

eachDialect("templates", (open) => {
  const by = { isTrusted: false };

  test("are those that the yard comes with, in this version, and one's own", async () => {
    await using database = await open();
    await openTemplates({ database, clock: systemClock });
    await database.kysely.updateTable("stack_templates").set({ version: "0", compose: "old" }).execute();
    const templates = await openTemplates({ database, clock: systemClock });
    const builtIn = await templates.list();
    assert.deepEqual(
      builtIn.map(({ slug }) => slug),
      builtInTemplates.map(({ slug }) => slug).sort(),
    );
    assert.ok(builtIn.every(({ isBuiltIn, isTrusted, compose }) => isBuiltIn && isTrusted && compose !== "old"));
    await assert.rejects(templates.update(builtIn[0]!.id, input, by), { code: "conflict" });
    await assert.rejects(templates.remove(builtIn[0]!.id), { code: "conflict" });

    const made = await templates.create(input, { isTrusted: true });
    assert.deepEqual(made, { ...made, ...input, isBuiltIn: false, isTrusted: true });
    assert.deepEqual((await templates.list()).at(-1), made);
    await assert.rejects(templates.create(input, by), { code: "conflict", field: "slug" });
    const changed = await templates.update(made.id, { ...input, name: "Other" }, by);
    assert.deepEqual([changed.name, changed.isTrusted], ["Other", false], "it is as far trusted as who wrote it last");
    await templates.remove(made.id);
    await assert.rejects(templates.get(made.id), { code: "not_found" });
    await assert.rejects(templates.remove(made.id), { code: "not_found" });
  });

  test("of a slug that somebody has used are theirs", async () => {
    await using database = await open();
    const { slug } = builtInTemplates[0]!;
    await openTemplates({ database, clock: systemClock });
    await database.kysely
      .updateTable("stack_templates")
      .set({ is_built_in: 0, name: "Mine" })
      .where("slug", "=", slug)
      .execute();
    const templates = await openTemplates({ database, clock: systemClock });
    assert.equal((await templates.list()).find((one) => one.slug === slug)?.name, "Mine");
  });

  test("are sound", async () => {
    await using database = await open();
    const templates = await openTemplates({ database, clock: systemClock });
    const before = await templates.list();
    for (const [field, change] of [
      ["slug", { slug: "../x" }],
      ["slug", { slug: "" }],
      ["name", { name: " " }],
      ["compose", { compose: "" }],
      ["compose", { compose: "x".repeat(300_000) }],
      ["iconUrl", { iconUrl: "javascript:alert(1)" }],
      ["author", { author: "a\nb" }],
      ["parameters", { parameters: [{ name: "A" }, { name: "A" }] }],
      ["parameters", { parameters: [{ name: "__proto__ x" }] }],
      ["parameters", { compose: "a: {{ A | pattern:( }}" }],
      ["parameters", { parameters: [{ name: "A", pattern: "a".repeat(501) }] }],
    ] as const)
      await assert.rejects(templates.create({ ...input, ...change }, by), { code: "invalid", field }, field);
    assert.deepEqual(await templates.list(), before);
  });
});
