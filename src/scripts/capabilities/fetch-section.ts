/** `fetch` in a policy. */
import { type Static, Type } from "typebox";
import { networksOf } from "../../platform/http/outgoing/addresses.ts";
import type { FetchPolicy, FetchRule } from "./fetch-policy.ts";
import { parseHostPattern } from "./host-pattern.ts";
import { parsePathPattern } from "./path-pattern.ts";
import { type Complain, type Place, readEach } from "./policy-document.ts";
import { closed, mebibyte, mostRules, requireNetwork, ruleName, texts, timeoutSeconds } from "./policy-terms.ts";

const RuleEntry = Type.Object(
  {
    name: ruleName,
    hosts: texts,
    methods: Type.Optional(texts),
    paths: Type.Optional(texts),
    networks: Type.Optional(texts),
  },
  closed,
);

export const FetchSection = Type.Object(
  {
    allow: Type.Array(RuleEntry, { maxItems: mostRules }),
    "timeout-seconds": Type.Optional(timeoutSeconds),
    "max-response-mib": Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  },
  closed,
);

const defaults = { timeoutSeconds: 30, maxResponseMib: 8, methods: ["GET", "HEAD"] };

export function readFetchSection(
  { allow, "timeout-seconds": seconds, "max-response-mib": mib }: Static<typeof FetchSection>,
  complain: Complain,
): FetchPolicy {
  return {
    rules: allow.map((rule, index) => readRule(rule, ["fetch", "allow", index], complain)),
    timeoutMs: (seconds ?? defaults.timeoutSeconds) * 1_000,
    maxResponseBytes: (mib ?? defaults.maxResponseMib) * mebibyte,
  };
}

function readRule(rule: Static<typeof RuleEntry>, place: Place, complain: Complain): FetchRule {
  const at = (key: string) => ({ place: [...place, key], complain });
  const methods = readEach(rule.methods ?? defaults.methods, at("methods"), readMethod);
  return {
    name: rule.name,
    hosts: readEach(rule.hosts, at("hosts"), parseHostPattern),
    methods: methods.includes("*") ? "any" : new Set(methods),
    paths: rule.paths && readEach(rule.paths, at("paths"), parsePathPattern),
    networks: networksOf(readEach(rule.networks ?? [], at("networks"), requireNetwork)),
  };
}

function readMethod(text: string): string {
  if (text !== "*" && !/^[A-Z]{1,20}$/.test(text))
    throw new RangeError(`"${text}" is no method; write it in capitals, or * for all`);
  return text;
}
