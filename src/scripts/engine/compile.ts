/** From what a user wrote to what the engine evaluates: types stripped, the final expression kept, positions remembered.
 *
 *  A script without imports and exports becomes the body of an async function: the engine keeps every module that it ever evaluated, and with it
 *  all that its top level refers to, so a memory that is saved and resumed a hundred times would carry a hundred of them. One with imports
 *  or exports has to be a module. Both are strict, both may `await`, and neither leaves its declarations behind. */
import { SourceMap, stripTypeScriptTypes } from "node:module";
import { type ExpressionStatement, type Node, parse, type Program as SyntaxTree } from "acorn";
import { errnoOf } from "../../platform/errors.ts";

export interface CompiledScript {
  readonly code: string;
  /** A function's promise gives `[value]`, a module's its namespace with `[value]` under `resultName`. No value: there is no final expression. */
  readonly kind: "function" | "module";
  readonly resultName: string;
  readonly imports: readonly ModuleImport[];
  /** From a position in `code` to one in the user's source. Both count from 1. Undefined: it is in what was put around it. */
  locate(position: Position): Position | undefined;
}

/** A static import, or a dynamic one of a literal. */
export interface ModuleImport {
  readonly specifier: string;
  /** As the import's attributes say. */
  readonly type?: "json";
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The script cannot be parsed. The message ends with the position, where it is known. */
export class ScriptSyntaxError extends Error {
  override readonly name = "SyntaxError";
}

/** A syntax tree takes some 120 bytes for each character (measured). Larger ones go to the engine as they are: JavaScript only, without a result. */
export const maxParsedCharacters = 1024 ** 2;

const functionHead = `(async function(){"use strict";`;
const functionTail = "\n})()";

/** @throws {ScriptSyntaxError} */
export function compileScript(source: string): CompiledScript {
  const text = source.startsWith("#!") ? `//${source.slice(2)}` : source;
  if (text.length > maxParsedCharacters)
    return { code: text, kind: "module", resultName: "", imports: [], locate: (position) => position };
  const parsed = parseScript(text);
  const mentionsModules = /\b(?:im|ex)port\b/.test(parsed.code);
  const found = mentionsModules ? findImports(parsed.tree) : { imports: [], needsModule: false };
  const kind = found.needsModule ? "module" : "function";
  const resultName = freeName(parsed.code);
  const head = kind === "function" ? functionHead : "";
  const marked = markResult(parsed, kind === "function" ? "return [(" : `export const ${resultName} = [(`);
  return {
    code: kind === "function" ? head + marked.code + functionTail : marked.code,
    kind,
    resultName,
    imports: found.imports,
    locate(position) {
      if (position.line === 1 && position.column <= head.length) return undefined;
      const inBody = shifted(position, { line: 1, column: 1 }, head.length);
      return parsed.locate(shifted(inBody, marked.start, marked.inserted));
    },
  };
}

/** A module that a script imports. @throws {ScriptSyntaxError} */
export function compileModule(source: string): { readonly code: string; readonly imports: readonly ModuleImport[] } {
  if (source.length > maxParsedCharacters) return { code: source, imports: [] };
  const { code, tree } = parseScript(source);
  return { code, imports: findImports(tree).imports };
}

interface Parsed {
  readonly code: string;
  readonly tree: SyntaxTree;
  locate(position: Position): Position | undefined;
}

/** JavaScript is parsed as it is; only what is none is taken for TypeScript. */
function parseScript(source: string): Parsed {
  const asWritten = (position: Position) => position;
  try {
    return { code: source, tree: parseModule(source), locate: asWritten };
  } catch (error) {
    const stripped = stripTypes(source, error);
    try {
      return { ...stripped, tree: parseModule(stripped.code) };
    } catch (stillWrong) {
      throw syntaxError(stillWrong);
    }
  }
}

function parseModule(source: string): SyntaxTree {
  return parse(source, { ecmaVersion: "latest", sourceType: "module", locations: true, preserveParens: true });
}

/** Types are blanked out, so that every position stays. Enums, namespaces and parameter properties have to be rewritten, with a source map. */
function stripTypes(source: string, notJavaScript: unknown): Omit<Parsed, "tree"> {
  try {
    return { code: stripTypeScriptTypes(source), locate: (position) => position };
  } catch (error) {
    if (errnoOf(error) !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw typeScriptError(error, notJavaScript);
  }
  try {
    return transformTypes(source);
  } catch (error) {
    throw typeScriptError(error, notJavaScript);
  }
}

function transformTypes(source: string): Omit<Parsed, "tree"> {
  const code = stripTypeScriptTypes(source, { mode: "transform", sourceMap: true });
  const comment = code.lastIndexOf("//# sourceMappingURL=");
  const encoded = code.slice(code.indexOf("base64,", comment) + "base64,".length);
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString()));
  return {
    code: code.slice(0, comment),
    locate({ line, column }) {
      const entry = map.findEntry(line - 1, column - 1);
      return "originalLine" in entry ? { line: entry.originalLine + 1, column: entry.originalColumn + 1 } : undefined;
    },
  };
}

/** As JavaScript and as TypeScript it is wrong. The first message has a position, which in a script with types is that of the first type. */
function typeScriptError(error: unknown, notJavaScript: unknown): ScriptSyntaxError {
  if (!(error instanceof Error) || errnoOf(error) !== "ERR_INVALID_TYPESCRIPT_SYNTAX")
    return syntaxError(notJavaScript);
  const line = /^[^\n]*:(\d+)\n/.exec(error.stack ?? "")?.[1];
  return line === undefined
    ? syntaxError(notJavaScript)
    : new ScriptSyntaxError(`${error.message} (line ${line})`, { cause: error });
}

function syntaxError(error: unknown): ScriptSyntaxError {
  const { message, loc } = error as { message: string; loc?: { line: number; column: number } };
  const text = message.replace(/ \(\d+:\d+\)$/, "");
  return new ScriptSyntaxError(loc === undefined ? text : `${text} (line ${loc.line}, column ${loc.column + 1})`, {
    cause: error,
  });
}

/** Puts `opening` before the last statement, if it is an expression, and closes it behind. */
function markResult({ code, tree }: Parsed, opening: string): { code: string; start: Position; inserted: number } {
  const last = tree.body.at(-1);
  if (last?.type !== "ExpressionStatement") return { code, start: { line: 1, column: 1 }, inserted: 0 };
  const { start, end, loc } = (last as ExpressionStatement).expression;
  const position = { line: loc?.start.line ?? 1, column: (loc?.start.column ?? 0) + 1 };
  return {
    code: `${code.slice(0, start)}${opening}${code.slice(start, end)})]${code.slice(end)}`,
    start: position,
    inserted: opening.length,
  };
}

/** Takes back what was inserted on the line of `at`. */
function shifted(position: Position, at: Position, inserted: number): Position {
  if (position.line !== at.line || position.column < at.column + inserted) return position;
  return { line: position.line, column: position.column - inserted };
}

function freeName(code: string): string {
  let name = "$result";
  while (code.includes(name)) name += "_";
  return name;
}

function findImports(tree: SyntaxTree): { imports: ModuleImport[]; needsModule: boolean } {
  const imports = new Map<string, ModuleImport>();
  let needsModule = false;
  const waiting: Node[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (/^(Import|Export)\w*Declaration$/.test(node.type) || node.type === "MetaProperty")
      needsModule ||= isOfModule(node);
    const specifier = "source" in node ? literalOf(node.source) : undefined;
    if (specifier !== undefined && imports.get(specifier)?.type === undefined)
      imports.set(specifier, wantsJson(node) ? { specifier, type: "json" } : { specifier });
    for (const child of Object.values(node)) {
      if (Array.isArray(child)) waiting.push(...child.filter(isNode));
      else if (isNode(child)) waiting.push(child);
    }
  }
  return { imports: [...imports.values()], needsModule };
}

/** Says whether the import asks for JSON: `with { type: "json" }`, or the same as the second argument of a dynamic one. */
function wantsJson(node: Node): boolean {
  if ("attributes" in node) return valueIn(node.attributes, "type") === "json";
  const options = "options" in node && isNode(node.options) ? node.options : undefined;
  const given = options && "properties" in options ? find(options.properties, "with") : undefined;
  return given !== undefined && "properties" in given && valueIn(given.properties, "type") === "json";
}

function valueIn(entries: unknown, name: string): string | undefined {
  return literalOf(find(entries, name));
}

/** The value of the entry of that name, of an object's or a declaration's. */
function find(entries: unknown, name: string): Node | undefined {
  for (const entry of Array.isArray(entries) ? entries.filter(isNode) : []) {
    const key = "key" in entry && isNode(entry.key) ? entry.key : undefined;
    const isNamed = (key && "name" in key && key.name === name) || literalOf(key) === name;
    if (isNamed && "value" in entry && isNode(entry.value)) return entry.value;
  }
  return undefined;
}

function literalOf(node: unknown): string | undefined {
  return isNode(node) && "value" in node && typeof node.value === "string" ? node.value : undefined;
}

/** `new.target` is a meta property, too. */
function isOfModule(node: Node): boolean {
  return !("meta" in node) || (isNode(node.meta) && "name" in node.meta && node.meta.name === "import");
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
