/** What a request must look like: one TypeBox schema per part, compiled once, when it is first needed. Bodies are judged as they came; the texts of a query, of
 *  headers and of path parameters become the numbers and flags that their schema asks for. */
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { madeAtFirstCall } from "../first-call.ts";
import { describeFault, type RequestPart } from "./validation-faults.ts";

type Check = ReturnType<FastifySchemaCompiler<TSchema>>;

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const part = (httpPart ?? "body") as RequestPart;
  return madeAtFirstCall(() => (part === "body" ? checkBody(schema) : checkParameters(part, schema)));
};

function checkBody(schema: TSchema): Check {
  const validator = Compile(schema);
  return (value: unknown) => validator.Check(value) || { error: describeFault("body", [...validator.Errors(value)]) };
}

function checkParameters(part: RequestPart, declared: TSchema): Check {
  const schema = part === "headers" ? withLowerCaseNames(declared) : declared;
  const validator = Compile(schema);
  const parameters = parametersOf(schema);
  return (given: unknown) => {
    // Query and path parameters are this request's own object; headers are Node's, and stay texts for whoever reads them elsewhere.
    const values = (part === "headers" ? { ...(given as object) } : given) as Record<string, unknown>;
    for (const { name, read, fallback } of parameters) {
      const text = values[name];
      if (text !== undefined) values[name] = read(text);
      else if (fallback !== undefined) values[name] = fallback;
    }
    if (validator.Check(values)) return { value: values };
    return { error: describeFault(part, [...validator.Errors(values)]) };
  };
}

interface Parameter {
  readonly name: string;
  readonly read: (given: unknown) => unknown;
  readonly fallback: unknown;
}

interface ParameterSchema {
  readonly type?: string;
  readonly anyOf?: readonly ParameterSchema[];
  readonly items?: ParameterSchema;
  readonly default?: unknown;
}

function parametersOf(schema: TSchema): Parameter[] {
  const { properties = {} } = schema as { properties?: Record<string, ParameterSchema> };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    read: readerOf(property),
    fallback: property.default,
  }));
}

const flags: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["", true], // `?follow`
  ["false", false],
  ["0", false],
]);

/** A text that cannot be read as its schema asks stays what it is: the check then refuses it by its name. */
function readerOf(schema: ParameterSchema): (given: unknown) => unknown {
  if (schema.type === "array") {
    const readItem = readerOf(schema.items ?? {});
    return (given) => (Array.isArray(given) ? given : [given]).map(readItem);
  }
  const types = (schema.anyOf ?? [schema]).map((option) => option.type);
  const isNumeric = types.includes("integer") || types.includes("number");
  const isFlag = types.includes("boolean");
  return (given) => {
    const first = Array.isArray(given) ? given[0] : given; // of a parameter that is given twice the first one counts
    if (typeof first !== "string") return first;
    if (isNumeric && /^[+-]?\d+(?:\.\d+)?$/.test(first)) return Number(first);
    return isFlag ? (flags.get(first) ?? first) : first;
  };
}

/** Node hands header names over in lower case; documents show them as people write them. */
function withLowerCaseNames(schema: TSchema): TSchema {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, TSchema>;
    required?: readonly string[];
  };
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name.toLowerCase(), property]),
    ),
    required: required.map((name) => name.toLowerCase()),
  } as TSchema;
}
