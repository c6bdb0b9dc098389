/** An entry of the prompt: whether it is whole, and the script that it becomes.
 *
 *  Each entry is a script of its own, whose declarations end with it: only what hangs on `globalThis` is in the memory that the next one resumes.
 *  So what an entry declares at its top becomes global: `const a = 1` is sent as `void (a = 1);`, behind a head that makes sure there is a global
 *  `a` to assign to. Functions go into that head, since they may be called before they are declared. */
import { stripTypeScriptTypes } from "node:module";
import { type FunctionDeclaration, type Pattern, type Program, parse, type VariableDeclaration } from "acorn";

export type Entry =
  | { readonly kind: "ready"; readonly source: string }
  /** More lines have to follow. */
  | { readonly kind: "incomplete" }
  /** It cannot be parsed, whatever follows. */
  | { readonly kind: "faulty"; readonly message: string };

export function readEntry(text: string): Entry {
  const object = asObjectLiteral(text);
  if (object !== undefined) return { kind: "ready", source: object };
  const asWritten = read(text);
  if (!("fault" in asWritten)) return { kind: "ready", source: withGlobals(asWritten) };
  if (asWritten.fault === "incomplete") return { kind: "incomplete" };
  const stripped = stripTypes(text);
  if (stripped === "incomplete") return { kind: "incomplete" };
  const found = stripped === undefined ? asWritten : read(stripped);
  return "fault" in found ? { kind: "faulty", message: found.message } : { kind: "ready", source: withGlobals(found) };
}

/** At a prompt `{ a: 1 }` is meant as an object, not as a block with a label. */
function asObjectLiteral(text: string): string | undefined {
  if (!/^\s*\{/.test(text) || /;\s*$/.test(text)) return undefined;
  const inParentheses = `(${text}\n)`;
  return "fault" in read(inParentheses) ? undefined : inParentheses;
}

interface Parsed {
  readonly code: string;
  readonly tree: Program;
}

function read(code: string): Parsed | { fault: "incomplete" | "faulty"; message: string } {
  try {
    return { code, tree: parse(code, { ecmaVersion: "latest", sourceType: "module" }) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const isAtEnd = "pos" in error && error.pos === code.length;
    const isOpen = /^Unterminated (template|comment)/.test(error.message) || continuesString(code, error);
    return { fault: isAtEnd || isOpen ? "incomplete" : "faulty", message: error.message };
  }
}

/** A string whose line ends with a backslash goes on in the next one. */
function continuesString(code: string, { message }: SyntaxError): boolean {
  return message.startsWith("Unterminated string constant") && /\\\n?$/.test(code);
}

/** @returns undefined for what is no TypeScript either */
function stripTypes(text: string): string | "incomplete" | undefined {
  try {
    return stripTypeScriptTypes(text, { mode: "transform" });
  } catch (error) {
    const isUnfinished =
      error instanceof Error && /got '<eof>'|unexpected eof|unterminated (template|block)/i.test(error.message);
    return isUnfinished ? "incomplete" : undefined;
  }
}

function withGlobals({ code, tree }: Parsed): string {
  const names = new Set<string>();
  const functions: string[] = [];
  let body = "";
  let end = 0;
  for (const statement of tree.body) {
    body += code.slice(end, statement.start);
    end = statement.end;
    if (statement.type === "VariableDeclaration" && !statement.kind.endsWith("using")) {
      for (const { id } of statement.declarations) collectNames(id, names);
      body += assignments(code, statement);
    } else if (statement.type === "ClassDeclaration") {
      names.add(statement.id.name);
      body += `void (${statement.id.name} = ${code.slice(statement.start, statement.end)});`;
    } else if (statement.type === "FunctionDeclaration") {
      names.add(statement.id.name);
      functions.push(`void (${statement.id.name} = ${withoutName(code, statement)});`);
      body += ";";
    } else {
      body += code.slice(statement.start, statement.end);
    }
  }
  const globals = [...names].map((name) => `"${name}" in globalThis || (globalThis.${name} = undefined);`);
  return [...globals, ...functions, body + code.slice(end)].join(" ");
}

function assignments(code: string, { kind, declarations }: VariableDeclaration): string {
  const each = declarations.flatMap(({ id, init }) => {
    if (init) return [`${code.slice(id.start, id.end)} = ${code.slice(init.start, init.end)}`];
    return kind === "var" ? [] : [`${code.slice(id.start, id.end)} = undefined`]; // `var a;` leaves an `a` that there is as it is
  });
  return each.length === 0 ? ";" : `void (${each.join(", ")});`;
}

/** A function that is assigned takes the name that it is assigned to. One that had it by itself would call itself, and not what the name
 *  stands for later. */
function withoutName(
  code: string,
  { start, end, id }: FunctionDeclaration & { id: { start: number; end: number } },
): string {
  return `${code.slice(start, id.start)}${code.slice(id.end, end)}`;
}

function collectNames(pattern: Pattern, names: Set<string>): void {
  switch (pattern.type) {
    case "Identifier":
      names.add(pattern.name);
      break;
    case "ObjectPattern":
      for (const property of pattern.properties)
        collectNames(property.type === "Property" ? property.value : property.argument, names);
      break;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element) collectNames(element, names);
      break;
    case "AssignmentPattern":
      collectNames(pattern.left, names);
      break;
    case "RestElement":
      collectNames(pattern.argument, names);
  }
}
