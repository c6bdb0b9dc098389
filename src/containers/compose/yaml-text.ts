/** YAML text into a source tree, within bounds: whoever may write a stack's file must not be able to fill the memory with it. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Faults } from "./faults.ts";
import type { MergeTag, Place, SourceNode } from "./source-tree.ts";

/** Longest text of one file, in characters. A stack of a hundred services has a tenth of it. */
export const maxFileLength = 256 * 1024;
/** Words and signs of one file: the library takes tens of microseconds for each, in which nobody else is served. */
const maxTokens = 60_000;
/** Nodes of one file with its aliases spelled out: a big stack has a few thousand. Ten aliases of ten aliases, ten times over, are stopped here. */
const maxNodes = 30_000;
const maxDepth = 64;

/** Undefined: nothing can be read from it, and `faults` says why; or it is blank. @param file its name, for faults */
export function parseYaml(text: string, file: string, faults: Faults): SourceNode | undefined {
  const top = { file, path: "", line: 1, column: 1 };
  if (text.length > maxFileLength) {
    faults.add(top, `The file is longer than ${maxFileLength} characters.`);
    return undefined;
  }
  try {
    return readDocument(text, file, faults);
  } catch (error) {
    if (!(error instanceof TooMuch || error instanceof RangeError)) throw error;
    // The YAML library goes down into nested collections by recursion, as we do: a RangeError is the end of the stack.
    faults.add(top, error instanceof TooMuch ? error.message : tooDeep);
    return undefined;
  }
}

class TooMuch extends Error {}
const tooDeep = `The file is nested deeper than ${maxDepth} levels.`;

function readDocument(text: string, file: string, faults: Faults): SourceNode | undefined {
  checkSize(text);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, customTags, logLevel: "error" });
  for (const { message, pos, code } of document.errors) {
    if (message.includes("call stack")) throw new TooMuch(tooDeep); // the library has caught it
    const { line, col: column } = lines.linePos(pos[0]);
    faults.add({ file, path: "", line, column }, sayYamlFault(code, message));
  }
  if (document.errors.length > 0 || document.contents === null) return undefined;
  return createConverter({ file, lines, faults })(document.contents, "");
}

/** Before the library goes into it: what it does with a hundred thousand brackets takes minutes. */
function checkSize(text: string): void {
  let [tokens, depth] = [0, 0];
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > maxTokens) throw new TooMuch(`The file has more than ${maxTokens} words and signs.`);
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > maxDepth) throw new TooMuch(tooDeep);
  }
}

function sayYamlFault(code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return "The file has several documents (---), and only one is read.";
  return `${message.trim().replace(/\.$/, "")}.`;
}

/** So that the library knows them; they are read from the nodes. */
const customTags = ["!reset", "!override"].flatMap((tag) => [
  { tag, resolve: (text: string) => text },
  { tag, collection: "map" as const },
  { tag, collection: "seq" as const },
]);

interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  readonly faults: Faults;
}

type Convert = (node: Node, path: string) => SourceNode | undefined;

function createConverter({ file, lines, faults }: Source): Convert {
  /** As far as the file has been read: an alias means the last of its name before it. The library's own search goes through the whole document each time. */
  const anchors = new Map<string, Node>();
  const open = new Set<Node>(); // those that an alias would lead into itself
  let count = 0;

  function convert(node: Node, path: string): SourceNode | undefined {
    count += 1;
    if (count > maxNodes)
      throw new TooMuch(`The file says more than ${maxNodes} things, with its aliases spelled out.`);
    if (open.size > maxDepth) throw new TooMuch(tooDeep);
    const place = placeOf(node, path);
    if (isAlias(node)) return convertAlias(anchors.get(node.source), place);
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    open.add(node);
    const tag = mergeTagOf(node);
    const made = { ...convertContent(node, place), ...(tag && { tag }) };
    open.delete(node);
    return made;
  }

  function convertContent(node: Node, place: Place): SourceNode {
    if (isMap(node)) return { kind: "map", place, entries: entriesOf(node as YAMLMap<Node, Node | null>, place.path) };
    if (isSeq(node)) {
      const items = (node.items as Node[]).map((item, index) => convert(item, `${place.path}[${index}]`));
      return { kind: "list", place, items: items.filter((item) => item !== undefined) };
    }
    return { kind: "scalar", place, value: isScalar(node) ? valueIn(node, place) : null };
  }

  function convertAlias(target: Node | undefined, place: Place): SourceNode | undefined {
    if (target !== undefined && !open.has(target)) return convert(target, place.path);
    faults.add(place, target === undefined ? "is an alias of nothing" : "is an alias of what it is in");
    return undefined;
  }

  function entriesOf(map: YAMLMap<Node, Node | null>, path: string): Map<string, SourceNode> {
    const own = new Map<string, SourceNode>();
    const merged = new Map<string, SourceNode>();
    for (const pair of map.items) {
      const key = keyOf(pair, path);
      if (key === undefined) continue;
      const inside = path === "" ? key : `${path}.${key}`;
      const value = pair.value === null ? nothing(pair.key, inside) : convert(pair.value, inside);
      if (value === undefined) continue;
      if (key !== "<<" || (pair.key as unknown as Scalar).type !== "PLAIN") own.set(key, value);
      else for (const [name, one] of mergedEntries(value)) if (!merged.has(name)) merged.set(name, one);
    }
    // The file's own words win, whatever the order.
    return new Map([...merged, ...own]);
  }

  /** Of the value of a merge key: one map, or several, the first of which wins. */
  function mergedEntries(value: SourceNode): [string, SourceNode][] {
    const maps = value.kind === "list" ? value.items : [value];
    return maps.flatMap((map) => {
      if (map.kind === "map") return [...map.entries];
      faults.add(map.place, "must be a mapping, to be merged");
      return [];
    });
  }

  function keyOf({ key }: Pair<Node, Node | null>, path: string): string | undefined {
    const text = isScalar(key) && key.value !== null ? String(key.source ?? key.value) : undefined;
    if (text !== undefined && !text.includes("\0")) return text;
    faults.add(placeOf(key, path), "has a key that is no text");
    return undefined;
  }

  function nothing(key: Node, path: string): SourceNode {
    return { kind: "scalar", value: null, place: placeOf(key, path) };
  }

  function valueIn(node: Scalar, place: Place) {
    const { value, source = "" } = node;
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    // What a leading zero means differs between the versions of YAML, and what has more digits than a number holds would lose them.
    if (
      typeof value === "number" &&
      !/^[-+]?0\d/.test(source) &&
      (!Number.isInteger(value) || Number.isSafeInteger(value))
    ) {
      return Number.isFinite(value) ? value : source;
    }
    if (source === "") faults.add(place, "has a value of an unknown kind");
    return source;
  }

  function placeOf(node: Node, path: string): Place {
    const { line, col: column } = lines.linePos(node.range?.[0] ?? 0);
    return { file, path, line, column };
  }

  return convert;
}

function mergeTagOf(node: Node): MergeTag | undefined {
  if (node.tag === "!reset") return "reset";
  return node.tag === "!override" ? "override" : undefined;
}
