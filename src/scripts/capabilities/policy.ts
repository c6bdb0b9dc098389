/** What an operator grants to scripts, as a YAML file says it (docs/scripts.md). What it does not grant is denied. */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { YardError } from "../../platform/errors.ts";
import { networksOf } from "./addresses.ts";
import type { FetchPolicy, FetchRule } from "./fetch-policy.ts";
import { parseHostPattern } from "./host-pattern.ts";
import { parsePathPattern } from "./path-pattern.ts";

export interface Policy {
  /** Undefined: there is no `fetch`. */
  readonly fetch: FetchPolicy | undefined;
}

export const grantsNothing: Policy = { fetch: undefined };

const closed = { additionalProperties: false };
const texts = Type.Array(Type.String({ maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 });

const RuleEntry = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    hosts: texts,
    methods: Type.Optional(texts),
    paths: Type.Optional(texts),
    networks: Type.Optional(texts),
  },
  closed,
);

const PolicyFile = Compile(
  Type.Object(
    {
      fetch: Type.Optional(
        Type.Object(
          {
            allow: Type.Array(RuleEntry, { maxItems: 1_000 }),
            "timeout-seconds": Type.Optional(Type.Integer({ minimum: 1, maximum: 300 })),
            "max-response-mib": Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
);

/** Of things that will be granted here some day, for whoever tries today. */
const notYet = new Set(["modules", "subprocess", "mcp"]);
const defaults = { timeoutSeconds: 30, maxResponseMib: 8, methods: ["GET", "HEAD"] };

/** A key, by its place in the file. */
type Place = readonly (string | number)[];

/** @param path for messages
 *  @throws {YardError} invalid, with every fault in a line of its own: file and line, key, reason */
export function parsePolicy(path: string, text: string): Policy {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = document.errors.map(({ pos, message }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`);
  const complain = (place: Place, reason: string): void => {
    const { line } = lines.linePos(offsetOf(document, place));
    faults.push(`${path}:${line}: ${place.length === 0 ? "" : `${place.join(".")}: `}${reason}`);
  };
  const policy = faults.length === 0 ? readPolicy(document, complain) : grantsNothing;
  if (faults.length > 0) throw new YardError("invalid", `the policy cannot be used:\n  ${faults.join("\n  ")}`);
  return policy;
}

type Complain = (place: Place, reason: string) => void;

function readPolicy(document: Document.Parsed, complain: Complain): Policy {
  const given = valuesOf(document, complain) ?? {};
  if (!PolicyFile.Check(given)) {
    for (const fault of PolicyFile.Errors(given)) reportFault(fault, complain);
    return grantsNothing;
  }
  if (given.fetch === undefined) return grantsNothing;
  const { allow, "timeout-seconds": seconds, "max-response-mib": mib } = given.fetch;
  return {
    fetch: {
      rules: allow.map((rule, index) => readRule(rule, ["fetch", "allow", index], complain)),
      timeoutMs: (seconds ?? defaults.timeoutSeconds) * 1_000,
      maxResponseBytes: (mib ?? defaults.maxResponseMib) * 1024 ** 2,
    },
  };
}

function valuesOf(document: Document.Parsed, complain: Complain): unknown {
  try {
    return document.toJS();
  } catch (error) {
    complain([], error instanceof Error ? error.message : String(error)); // an alias of nothing, or of too much
    return undefined;
  }
}

function readRule(rule: Static<typeof RuleEntry>, place: Place, complain: Complain): FetchRule {
  function each<T>(key: string, given: readonly string[], read: (text: string) => T): T[] {
    return given.flatMap((text, index) => {
      try {
        return [read(text)];
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        complain([...place, key, index], error.message);
        return [];
      }
    });
  }
  const methods = each("methods", rule.methods ?? defaults.methods, readMethod);
  return {
    name: rule.name,
    hosts: each("hosts", rule.hosts, parseHostPattern),
    methods: methods.includes("*") ? "any" : new Set(methods),
    paths: rule.paths && each("paths", rule.paths, parsePathPattern),
    networks: networksOf(each("networks", rule.networks ?? [], requireNetwork)),
  };
}

function requireNetwork(text: string): string {
  networksOf([text]);
  return text;
}

function readMethod(text: string): string {
  if (text !== "*" && !/^[A-Z]{1,20}$/.test(text))
    throw new RangeError(`"${text}" is no method; write it in capitals, or * for all`);
  return text;
}

function reportFault(fault: TLocalizedValidationError, complain: Complain): void {
  const place = fault.instancePath
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .filter((step) => step !== "");
  const key = place.at(-1) ?? "";
  if (fault.keyword === "additionalProperties") return; // each of them has a fault of its own
  if (fault.keyword === "boolean")
    complain(
      place,
      notYet.has(place.join(".")) ? "cannot be granted to scripts yet" : `${key} is no key of a policy here`,
    );
  else complain(place, fault.message);
}

/** Of the key itself where the place is one in a map, so that one that is too much is found, too. */
function offsetOf(document: Document.Parsed, place: Place): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of place) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      offset = startOf(pair?.key) ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = startOf(node) ?? offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
