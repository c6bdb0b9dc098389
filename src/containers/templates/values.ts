/** What fills the places of a template: what is given, what is usual, or what is made up. */
import { newSecret } from "../../platform/crypto/secrets.ts";
import { YardError } from "../../platform/errors.ts";
import { requireMatches } from "./patterns.ts";
import { findPlaceholders } from "./placeholders.ts";
import type { Parameter, TemplateInput } from "./template.ts";

export interface FilledValue {
  readonly parameter: Parameter;
  readonly value: string;
  readonly isGenerated: boolean;
  /** By whoever deploys the template. */
  readonly isGiven: boolean;
}

const mostCharacters = 4_096;

/** All parameters, those of the text that are declared nowhere else after the declared. Of one that stands in several places the first that says something counts. */
export function parametersOf({ compose, env, parameters }: Pick<TemplateInput, "compose" | "env" | "parameters">) {
  const all = new Map<string, Parameter>();
  for (const { parameter } of [...findPlaceholders(compose), ...findPlaceholders(env)])
    all.set(parameter.name, { ...parameter, ...all.get(parameter.name) });
  const declared = parameters.map((parameter) => {
    const inline = all.get(parameter.name);
    all.delete(parameter.name);
    return { ...inline, ...parameter };
  });
  return [...declared, ...all.values()];
}

export function isSecret({ secret, type }: Parameter): boolean {
  return secret ?? type === "secret";
}

/** @throws {YardError} invalid (`values.…`); precondition, of patterns that take too long */
export function fill(
  parameters: readonly Parameter[],
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, FilledValue> {
  const known = new Set(parameters.map(({ name }) => name));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) throw fault(unknown, "is no parameter of this template");
  const filled = parameters.map((parameter) => filledOf(parameter, given));
  // What is left empty is not to match anything.
  const checks = filled.flatMap(({ parameter: { name, pattern }, value, isGenerated }) =>
    pattern === undefined || value === "" || isGenerated ? [] : [{ name, pattern, value }],
  );
  requireMatches(checks);
  return new Map(filled.map((each) => [each.parameter.name, each]));
}

function filledOf(parameter: Parameter, given: Readonly<Record<string, string>>): FilledValue {
  const { name, type, required, enum: values } = parameter;
  const said = Object.hasOwn(given, name) ? given[name]! : "";
  const value = said === "" ? (parameter.default ?? "") : said;
  if (value === "" && isSecret(parameter)) return { parameter, value: newSecret(), isGenerated: true, isGiven: false };
  if (value === "" && required) throw fault(name, "is needed");
  if (value.length > mostCharacters) throw fault(name, `has more than ${mostCharacters} characters`);
  // A line of its own would be another variable, or another key.
  if (/\p{Cc}/u.test(value) || !value.isWellFormed()) throw fault(name, "is one line of visible characters");
  if (value !== "" && values && !values.includes(value)) throw fault(name, `is one of ${values.join(", ")}`);
  if (value !== "" && type === "number" && !/^-?\d+(?:\.\d+)?$/.test(value)) throw fault(name, "is a number");
  if (value !== "" && type === "bool" && !/^(?:true|false)$/.test(value)) throw fault(name, "is true or false");
  return { parameter, value, isGenerated: false, isGiven: said !== "" };
}

function fault(name: string, what: string): YardError {
  return new YardError("invalid", what, { field: `values.${name}` });
}
