/** Reads values out of a source tree and says what is wrong with them where they are not what they must be. Every method takes nothing for nothing, so
 *  that what a file leaves out reads like what it says. */
import { parseUnitDurationMs } from "../../platform/unit-durations.ts";
import type { Faults } from "./faults.ts";
import { isNothing, type Place, type SourceNode } from "./source-tree.ts";

type Maybe = SourceNode | undefined;

/** Which keys a mapping may have. */
export interface KeyRules<Key extends string> {
  readonly reads: readonly Key[];
  /** Taken, and without an effect: what they ask for concerns other ways of running a stack. */
  readonly ignores?: readonly string[];
  /** Known to Compose, and refused by their name. */
  readonly refuses?: readonly string[];
}

export type Fields<Key extends string> = { readonly [K in Key]?: SourceNode };

export type Reader = ReturnType<typeof createReader>;

export function createReader(faults: Faults) {
  const complain = (place: Place, message: string) => {
    faults.add(place, message);
    return undefined;
  };

  /** Extension fields (`x-…`) are anybody's, and passed over. */
  function fields<const Key extends string>(node: Maybe, rules: KeyRules<Key>): Fields<Key> {
    const found: { [K in Key]?: SourceNode } = {};
    for (const [name, value] of entries(node)) {
      const key = rules.reads.find((one) => one === name);
      if (key !== undefined) found[key] = value;
      else if (rules.refuses?.includes(name)) complain(value.place, "is not supported here");
      else if (!name.startsWith("x-") && !rules.ignores?.includes(name))
        complain(value.place, "is no key that there is here");
    }
    return found;
  }

  function entries(node: Maybe): ReadonlyMap<string, SourceNode> {
    if (isNothing(node)) return new Map();
    if (node.kind === "map") return node.entries;
    complain(node.place, "must be a mapping");
    return new Map();
  }

  function items(node: Maybe): readonly SourceNode[] {
    if (isNothing(node)) return [];
    if (node.kind === "list") return node.items;
    complain(node.place, "must be a list");
    return [];
  }

  function text(node: Maybe): string | undefined {
    if (isNothing(node)) return undefined;
    if (node.kind !== "scalar") return complain(node.place, "must be a text");
    const value = String(node.value);
    return value.includes("\0") ? complain(node.place, "has a NUL character") : value;
  }

  /** @param what completes "must be …" */
  function matching(node: Maybe, pattern: RegExp, what: string): string | undefined {
    const value = text(node);
    if (value === undefined || pattern.test(value)) return value;
    return complain(node!.place, `must be ${what}`);
  }

  function parsed<T>(node: Maybe, parse: (text: string) => T | undefined, what: string): T | undefined {
    const value = text(node);
    if (value === undefined) return undefined;
    return parse(value.trim()) ?? complain(node!.place, `must be ${what}`);
  }

  function choice<const Value extends string>(node: Maybe, values: readonly Value[]): Value | undefined {
    return parsed(node, (value) => values.find((one) => one === value), `one of ${values.join(", ")}`);
  }

  function flag(node: Maybe): boolean | undefined {
    return parsed(node, (value) => ({ true: true, false: false })[value], "true or false");
  }

  function wholeNumber(node: Maybe, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): number | undefined {
    const within = (value: string) =>
      /^[-+]?\d{1,16}$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined;
    return parsed(
      node,
      within,
      max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`,
    );
  }

  function amount(node: Maybe): number | undefined {
    return parsed(
      node,
      (value) => (/^\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : undefined),
      "a number, such as 0.5",
    );
  }

  /** Milliseconds. */
  function duration(node: Maybe): number | undefined {
    return parsed(node, parseDurationMs, "a duration, such as 1m30s");
  }

  function bytes(node: Maybe): number | undefined {
    return parsed(node, parseBytes, "a size, such as 512m");
  }

  /** A list of texts, or a single one. */
  function texts(node: Maybe): readonly string[] | undefined {
    if (isNothing(node)) return undefined;
    const parts = node.kind === "scalar" ? [node] : items(node);
    return parts.map(text).filter((value) => value !== undefined);
  }

  /** A mapping of texts, or a list of `NAME=value`. A name without a value is undefined. */
  function pairs(node: Maybe): ReadonlyMap<string, string | undefined> {
    if (isNothing(node)) return new Map();
    if (node.kind === "map") return new Map([...node.entries].map(([name, value]) => [name, text(value)]));
    return new Map(
      items(node).flatMap((item) => {
        const value = text(item);
        return value === undefined ? [] : [splitPair(value)];
      }),
    );
  }

  /** The same, where a name without a value has an empty one. */
  function labels(node: Maybe): ReadonlyMap<string, string> {
    return new Map([...pairs(node)].map(([name, value]) => [name, value ?? ""]));
  }

  return {
    ...{ complain, fields, entries, items, text, matching, parsed, choice, flag },
    ...{ wholeNumber, amount, duration, bytes, texts, pairs, labels },
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what a file leaves out. */
export function present<T extends object>(facts: T): Present<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Present<T>;
}

export function splitPair(text: string): [name: string, value: string | undefined] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** Go's durations with days and weeks: the yard's own have more units, some of which mean something else there. */
function parseDurationMs(text: string): number | undefined {
  return /^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w))+)$/.test(text) ? parseUnitDurationMs(text) : undefined;
}

const sizes = ["", "k", "m", "g", "t", "p"];

function parseBytes(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,16}(?:\.\d{1,9})?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const total = Math.floor(Number(amount) * 1024 ** sizes.indexOf(unit.toLowerCase()));
  return Number.isSafeInteger(total) ? total : undefined;
}
