/** Files of variables (`.env`, env_file): `NAME=value` lines, with quotes, comments, `export`, values over several lines and variables in them.
 *  @see https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation */
import type { Faults } from "./faults.ts";
import { hasVariables, InterpolationError, interpolate, type Lookup } from "./interpolation.ts";
import { maxFileLength } from "./yaml-text.ts";

const entry = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:[=:][ \t]*|(?=\r?\n|$|#))/y;
const blank = /(?:[ \t\r\n]|#[^\n]*(?:\n|$))+/y;
const restOfLine = /[^\n]*/y;
const afterQuote = /[ \t]*(?:#[^\n]*)?(?=\r?\n|$)/y;

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The variables in the order of the file. Those before, and `outside`, may be used in the values of those behind; one that is named without a value
 *  gets that of `outside`, or is left out. Messages name lines and variables, never values: they are mostly secret.
 *  @param file its name, for faults */
export function parseEnvFile(text: string, { file, outside, faults }: EnvFileOptions): Map<string, string> {
  const variables = new Map<string, string>();
  if (text.length > maxFileLength) {
    faults.add({ file, path: "", line: 1, column: 1 }, `The file is longer than ${maxFileLength} characters.`);
    return variables;
  }
  const lookup: Lookup = (name) => variables.get(name) ?? outside(name);
  const lineAt = createLineCounter(text);
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  const complain = (path: string, message: string) => faults.add({ file, path, line: lineAt(at), column: 1 }, message);

  while (at < text.length) {
    const space = matchAt(blank, text, at);
    at += space?.[0].length ?? 0;
    if (at >= text.length) break;
    const found = matchAt(entry, text, at);
    const [whole, name] = found ?? [];
    if (whole === undefined || name === undefined) {
      complain("", "The line is no NAME=value.");
      at += matchAt(restOfLine, text, at)?.[0].length ?? 0;
      continue;
    }
    const value = readValue(text, at + whole.length);
    try {
      const content = /[=:][ \t]*$/.test(whole) ? valueOfEntry(value, lookup) : outside(name);
      if (content !== undefined) variables.set(name, content);
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error;
      complain(name, error.message);
    }
    at = value.end;
  }
  return variables;
}

export interface EnvFileOptions {
  readonly file: string;
  /** Variables that are set already. */
  readonly outside: Lookup;
  readonly faults: Faults;
}

interface ReadValue {
  readonly text: string;
  readonly quote: "'" | '"' | "";
  readonly isClosed: boolean;
  readonly end: number;
}

function valueOfEntry({ text, quote, isClosed }: ReadValue, lookup: Lookup): string {
  if (!isClosed) throw new InterpolationError("has a quote that does not end, or something behind it");
  if (quote === "'" || !hasVariables(text)) return quote === '"' ? withoutEscapes(text) : text;
  if (quote === "") return interpolate(text, lookup);
  // An escaped dollar is a dollar: as the interpolation spells it.
  return interpolate(withoutEscapes(text.replaceAll(/\\\$/g, "$$$$")), lookup);
}

function readValue(text: string, start: number): ReadValue {
  const quote = text[start];
  if (quote !== "'" && quote !== '"') {
    const line = matchAt(restOfLine, text, start)?.[0] ?? "";
    return { text: line.replace(/(?:^|\s)#.*$/, "").trim(), quote: "", isClosed: true, end: start + line.length };
  }
  let end = start + 1;
  while (end < text.length && text[end] !== quote) end += text[end] === "\\" && quote === '"' ? 2 : 1;
  const behind = matchAt(afterQuote, text, end + 1);
  const isClosed = end < text.length && behind !== undefined;
  const inside = text.slice(start + 1, end).replaceAll("\r\n", "\n");
  // Where it goes wrong the next line begins anew, so that one lost quote is one fault.
  const next = isClosed ? end + 1 + behind[0].length : start + (matchAt(restOfLine, text, start)?.[0].length ?? 0);
  return { text: inside, quote, isClosed, end: next };
}

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\([nrt"\\])/g, (_all, letter: string) => escapes[letter] ?? letter);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

/** Positions must grow from call to call. */
function createLineCounter(text: string): (position: number) => number {
  let [line, counted] = [1, 0];
  return (position) => {
    for (let next = text.indexOf("\n", counted); next !== -1 && next < position; next = text.indexOf("\n", counted)) {
      line += 1;
      counted = next + 1;
    }
    return line;
  };
}
