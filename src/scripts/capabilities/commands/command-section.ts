/** `subprocess` in a policy. */
import { posix } from "node:path";
import { type Static, Type } from "typebox";
import { type Complain, type Place, readEach } from "../policy-document.ts";
import { closed, mebibyte, mostRules, ruleName, texts, timeoutSeconds } from "../policy-terms.ts";
import { parseTextPattern } from "../text-pattern.ts";
import type { ArgumentsPattern, CommandPolicy, CommandRule } from "./command-policy.ts";

const argument = Type.String({ maxLength: 10_000 });

const RuleEntry = Type.Object(
  {
    name: ruleName,
    programs: texts,
    arguments: Type.Optional(Type.Array(Type.Array(argument, { maxItems: 100 }), { minItems: 1, maxItems: 1_000 })),
    environment: Type.Optional(texts),
    directories: Type.Optional(texts),
  },
  closed,
);

export const CommandSection = Type.Object(
  {
    allow: Type.Array(RuleEntry, { maxItems: mostRules }),
    user: Type.Optional(Type.String({ pattern: "^[A-Za-z_][\\w.-]{0,63}$" })),
    "timeout-seconds": Type.Optional(timeoutSeconds),
    // Both streams and what surrounds them come in one answer of the host, of 16 MiB at most.
    "max-output-mib": Type.Optional(Type.Integer({ minimum: 1, maximum: 7 })),
  },
  closed,
);

const defaults = { timeoutSeconds: 30, maxOutputMib: 1 };
/** For arguments: whatever follows. */
const openEnd = "...";

export function readCommandSection(section: Static<typeof CommandSection>, complain: Complain): CommandPolicy {
  return {
    rules: section.allow.map((rule, index) => readRule(rule, ["subprocess", "allow", index], complain)),
    user: section.user,
    timeoutMs: (section["timeout-seconds"] ?? defaults.timeoutSeconds) * 1_000,
    maxOutputBytes: (section["max-output-mib"] ?? defaults.maxOutputMib) * mebibyte,
  };
}

function readRule(rule: Static<typeof RuleEntry>, place: Place, complain: Complain): CommandRule {
  const at = (key: string) => ({ place: [...place, key], complain });
  return {
    name: rule.name,
    programs: new Set(readEach(rule.programs, at("programs"), readProgram)),
    arguments: (rule.arguments ?? [[]]).map(readArguments),
    environment: readEach(rule.environment ?? [], at("environment"), readVariable),
    directories: readEach(rule.directories ?? [], at("directories"), readDirectory),
  };
}

function readProgram(text: string): string {
  if (!/^(?:\/[\w.+-]+)+$|^\w[\w.+-]*$/.test(text))
    throw new RangeError(`"${text}" is no program; write its name or its absolute path`);
  return text;
}

function readArguments(given: readonly string[]): ArgumentsPattern {
  const isOpen = given.at(-1) === openEnd;
  return { arguments: (isOpen ? given.slice(0, -1) : given).map(parseTextPattern), isOpen };
}

function readVariable(text: string) {
  if (!/^[A-Za-z_*][\w*]*$/.test(text)) throw new RangeError(`"${text}" is no name of a variable`);
  return parseTextPattern(text);
}

function readDirectory(text: string): string {
  if (!text.startsWith("/") || posix.normalize(text) !== text || (text.length > 1 && text.endsWith("/")))
    throw new RangeError(`"${text}" is no directory; write an absolute path without .. and without a slash at its end`);
  return text;
}
