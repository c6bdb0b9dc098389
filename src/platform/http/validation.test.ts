import assert from "node:assert/strict";
import { test } from "node:test";
import { type TSchema, Type } from "typebox";
import { YardError } from "../errors.ts";
import { compileValidator } from "./validation.ts";

type Outcome = { value: unknown } | { field: string | undefined; message: string };

function check(part: "body" | "querystring" | "headers" | "params", schema: TSchema, value: unknown): Outcome {
  const validate = compileValidator({ schema, method: "GET", url: "/", httpPart: part });
  const result: unknown = validate(value);
  if (result === true) return { value };
  assert.ok(typeof result === "object" && result !== null);
  if ("error" in result) {
    assert.ok(result.error instanceof YardError);
    assert.equal(result.error.code, "invalid");
    return { field: result.error.field, message: result.error.message };
  }
  assert.ok("value" in result);
  return { value: result.value };
}

const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const App = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 5 }),
  count: nullable(Type.Integer({ minimum: 1 })),
  exit: Type.Optional(Type.Union([Type.Literal("stop"), Type.Literal("go")])),
  behavior: nullable(
    Type.Object({ exit: Type.String(), list: Type.Optional(Type.Array(Type.Object({ port: Type.Integer() }))) }),
  ),
  strict: Type.Optional(Type.Object({}, { additionalProperties: false })),
  mode: Type.Optional(Type.Enum(["a", "b"])),
  either: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
});

for (const [value, field, message] of [
  [{}, "name", "is required"],
  [{ name: "" }, "name", "must not be empty"],
  [{ name: "abcdef" }, "name", "must have 5 characters or fewer"],
  [{ name: 7 }, "name", "must be a string"],
  [{ name: "a", count: "7" }, "count", "must be an integer"],
  [{ name: "a", count: 1.5 }, "count", "must be an integer"],
  [{ name: "a", count: 0 }, "count", "must be >= 1"],
  [{ name: "a", exit: "stay" }, "exit", 'must be "stop" or "go"'],
  [{ name: "a", behavior: {} }, "behavior.exit", "is required"],
  [
    { name: "a", behavior: { exit: "x", list: [{ port: 1 }, { port: "2" }] } },
    "behavior.list.1.port",
    "must be an integer",
  ],
  [{ name: "a", behavior: 7 }, "behavior", "must be an object"],
  [{ name: "a", strict: { "odd/one": 1 } }, "strict.odd/one", "is not known here"],
  [{ name: "a", mode: "c" }, "mode", 'must be "a" or "b"'],
  [{ name: "a", either: true }, "either", "must be an integer or a string"],
  [null, undefined, "The body must be an object."],
  ["text", undefined, "The body must be an object."],
  [[], undefined, "The body must be an object."],
] as const) {
  test(`a body ${JSON.stringify(value)} is refused: ${field ?? ""} ${message}`, () => {
    assert.deepEqual(check("body", App, value), { field, message });
  });
}

test("a body is taken as it came: nothing is converted, dropped or filled in", () => {
  const body = { name: "a", count: null, unknown: { deep: "1" } };
  const outcome = check(
    "body",
    Type.Object({ name: Type.String(), size: Type.Optional(Type.Integer({ default: 3 })) }),
    body,
  );
  assert.ok("value" in outcome);
  assert.equal(outcome.value, body);
  assert.deepEqual(Object.keys(body), ["name", "count", "unknown"]);
});

const Query = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 9, default: 5 }),
  ratio: Type.Optional(Type.Number()),
  follow: Type.Optional(Type.Boolean()),
  wait: Type.Optional(Type.Union([Type.Integer(), Type.String({ pattern: "^P" })])),
  tags: Type.Optional(Type.Array(Type.Integer())),
  name: Type.Optional(Type.String()),
});

test("the texts of a query become what their schema asks for", () => {
  const outcome = check("querystring", Query, {
    ratio: "0.5",
    follow: "",
    wait: "PT1S",
    tags: ["1", "2"],
    name: "7",
    extra: "x",
  });
  assert.deepEqual(outcome, {
    value: { limit: 5, ratio: 0.5, follow: true, wait: "PT1S", tags: [1, 2], name: "7", extra: "x" },
  });
  assert.deepEqual(check("querystring", Query, { limit: "3", wait: "4", tags: "1", follow: "false" }), {
    value: { limit: 3, wait: 4, tags: [1], follow: false },
  });
});

test("of a query parameter that is given twice the first one counts", () => {
  assert.deepEqual(check("querystring", Query, { limit: ["3", "x"] }), { value: { limit: 3 } });
});

for (const [query, field, message] of [
  [{ limit: "many" }, "limit", "query parameter must be an integer"],
  [{ limit: "" }, "limit", "query parameter must be an integer"],
  [{ limit: "1e1" }, "limit", "query parameter must be an integer"],
  [{ limit: "0x5" }, "limit", "query parameter must be an integer"],
  [{ limit: "99" }, "limit", "query parameter must be <= 9"],
  [{ limit: `1${"0".repeat(400)}` }, "limit", "query parameter must be an integer"],
  [{ follow: "maybe" }, "follow", "query parameter must be a boolean"],
] as const) {
  test(`a query ${JSON.stringify(query).slice(0, 30)} is refused: ${message}`, () => {
    assert.deepEqual(check("querystring", Query, { ...query }), { field, message });
  });
}

test("headers are found whatever the case of their name in the schema, and Node's own object is left alone", () => {
  const schema = Type.Object({ "X-Expire-Seconds": Type.Optional(Type.Integer()), "X-Name": Type.String() });
  const headers = { "x-expire-seconds": "60", "x-name": "n" };
  assert.deepEqual(check("headers", schema, headers), { value: { "x-expire-seconds": 60, "x-name": "n" } });
  assert.equal(headers["x-expire-seconds"], "60");
  assert.deepEqual(check("headers", schema, {}), { field: "x-name", message: "header is required" });
});

test("path parameters are converted too", () => {
  assert.deepEqual(check("params", Type.Object({ id: Type.Integer() }), { id: "12" }), { value: { id: 12 } });
  assert.deepEqual(check("params", Type.Object({ id: Type.Integer() }), { id: "x" }), {
    field: "id",
    message: "path parameter must be an integer",
  });
});
