/** `runyard.yaml`: the same keys as everywhere; nested maps are the parts of a dotted key. */
import { readFileSync, statSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Given } from "./values.ts";

export interface FileEntry {
  readonly key: string;
  readonly line: number;
  readonly given: Given;
}

export interface ConfigFile {
  readonly entries: readonly FileEntry[];
  /** What cannot be read, each with its place. */
  readonly faults: readonly string[];
  /** Permission bits. */
  readonly mode: number;
}

/** @throws the system's error, if the file cannot be read */
export function readConfigFile(path: string): ConfigFile {
  const text = readFileSync(path, "utf8");
  const mode = statSync(path).mode & 0o777;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    return {
      entries: [],
      faults: document.errors.map((error) => `${path}:${lineOf(error.pos[0])}: ${error.message}`),
      mode,
    };
  }
  const entries: FileEntry[] = [];
  const faults: string[] = [];
  collect(document.contents, "", { path, lineOf, entries, faults });
  return { entries, faults, mode };
}

interface Collected {
  readonly path: string;
  readonly lineOf: (offset: number) => number;
  readonly entries: FileEntry[];
  readonly faults: string[];
}

function collect(node: Node | null, prefix: string, into: Collected): void {
  if (node === null || (isScalar(node) && node.value === null && prefix === "")) return; // an empty file
  const line = into.lineOf(node.range?.[0] ?? 0);
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = prefix + String(isScalar(key) ? key.value : key);
      if (isMap(value)) collect(value, `${name}.`, into);
      else addEntry(name, value as Node | null, into.lineOf((key as Node).range?.[0] ?? 0), into);
    }
  } else into.faults.push(`${into.path}:${line}: must hold "key: value" lines`);
}

function addEntry(key: string, value: Node | null, line: number, into: Collected): void {
  const items = isSeq(value) ? value.items : [value];
  const given = items.map(textOf);
  if (given.includes(undefined)) into.faults.push(`${into.path}:${line}: ${key}: must be a value or a list of values`);
  else into.entries.push({ key, line, given: given as string[] });
}

/** As it was written: a number or a date keeps its digits. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined;
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}
