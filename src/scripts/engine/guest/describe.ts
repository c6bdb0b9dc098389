/** How a script's final value and its error leave the engine. */
import type { DescribedError, DescribedValue } from "./guest-host.ts";

export interface Describe {
  value(value: unknown): string;
  error(error: unknown): string;
}

export function createDescribe(inspect: (value: unknown) => string): Describe {
  const { stringify } = JSON;
  const maxLost = 10;

  /** What JSON would drop or bend without a word, or undefined. */
  function lossOf(value: unknown): string | undefined {
    if (typeof value === "function") return "a function";
    if (typeof value === "symbol") return "a symbol";
    if (typeof value === "undefined") return "undefined";
    if (typeof value === "bigint") return "a BigInt";
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (typeof value !== "object" || value === null) return undefined;
    for (const kind of [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer])
      if (value instanceof kind) return `a ${kind.name}`;
    return ArrayBuffer.isView(value) ? "a typed array" : undefined;
  }

  function describeValue(value: unknown): DescribedValue {
    if (value === undefined) return { lost: [] };
    const lost: string[] = [];
    const paths = new Map<unknown, string>();
    function visit(this: unknown, key: string, item: unknown): unknown {
      const parent = paths.get(this);
      const path = parent === undefined ? "$" : Array.isArray(this) ? `${parent}[${key}]` : `${parent}.${key}`;
      const loss = lossOf(item);
      if (loss !== undefined) {
        if (lost.length < maxLost) lost.push(`${path}: ${loss}`);
        return typeof item === "bigint" ? undefined : item;
      }
      if (typeof item === "object" && item !== null) paths.set(item, path);
      return item;
    }
    try {
      const json = stringify(value, visit);
      return json === undefined ? { lost } : { json, lost };
    } catch (error) {
      return { lost: [...lost, `$: ${error instanceof Error ? error.message : inspect(error)}`] };
    }
  }

  function describeError(error: unknown): DescribedError {
    if (!(error instanceof Error)) return { message: inspect(error), stack: "" };
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    return { name: text(error.name) || "Error", message: text(error.message), stack: text(error.stack) };
  }

  return {
    value: (value) => stringify(describeValue(value)),
    error(error) {
      try {
        return stringify(describeError(error));
      } catch {
        return stringify({ message: "an error that cannot be described", stack: "" });
      }
    },
  };
}
