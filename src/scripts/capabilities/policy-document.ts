/** A YAML file whose faults are told by file, line and key. */
import type { Static, TSchema } from "typebox";
import type { Validator } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { YardError } from "../../platform/errors.ts";

/** A key, by its place in the file. */
export type Place = readonly (string | number)[];
export type Complain = (place: Place, reason: string) => void;

/** @param path for messages
 *  @param read makes of what fits the schema what it means, and complains of what cannot be meant
 *  @throws {YardError} invalid, with every fault in a line of its own: file and line, key, reason */
export function readDocument<Schema extends TSchema, T>(
  { path, text }: { readonly path: string; readonly text: string },
  schema: Validator<Record<never, never>, Schema>,
  read: (given: Static<Schema>, complain: Complain) => T,
): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = document.errors.map(({ pos, message }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`);
  const complain: Complain = (place, reason) => {
    const { line } = lines.linePos(offsetOf(document, place));
    faults.push(`${path}:${line}: ${place.length === 0 ? "" : `${place.join(".")}: `}${reason}`);
  };
  const given = faults.length === 0 ? (valuesOf(document, complain) ?? {}) : undefined;
  if (given !== undefined && schema.Check(given)) {
    const meant = read(given, complain);
    if (faults.length === 0) return meant;
  } else if (given !== undefined) {
    for (const fault of schema.Errors(given)) reportFault(fault, complain);
  }
  throw new YardError("invalid", `the policy cannot be used:\n  ${faults.join("\n  ")}`);
}

/** Reads each of a list, and complains of those that are a RangeError. */
export function readEach<T>(
  given: readonly string[],
  { place, complain }: { readonly place: Place; readonly complain: Complain },
  read: (text: string) => T,
): T[] {
  return given.flatMap((text, index) => {
    try {
      return [read(text)];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      complain([...place, index], error.message);
      return [];
    }
  });
}

function valuesOf(document: Document.Parsed, complain: Complain): unknown {
  try {
    return document.toJS();
  } catch (error) {
    complain([], error instanceof Error ? error.message : String(error)); // an alias of nothing, or of too much
    return undefined;
  }
}

function reportFault(fault: TLocalizedValidationError, complain: Complain): void {
  const place = fault.instancePath
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .filter((step) => step !== "");
  if (fault.keyword === "additionalProperties") return; // each of them has a fault of its own
  if (fault.keyword === "boolean") complain(place, `${place.at(-1)} is no key of a policy here`);
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
