/** Variables in the texts of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}` and its five kin, each with further variables inside, and `$$` for a dollar.
 *  @see https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md */

/** Undefined: nobody has set it. */
export type Lookup = (name: string) => string | undefined;

/** The text cannot be read, or needs a variable that is not there. The message completes "services.web.image …". */
export class InterpolationError extends Error {}

/** Longest text that variables may make. The kernel takes 128 KiB for one argument or variable of a process. */
const maxResult = 256 * 1024;
const maxDepth = 16;

const name = /^[A-Za-z_][A-Za-z0-9_]*/;
/** What may follow the name in braces; the colon makes an empty variable as good as none. */
const operator = /^:?[-?+]/;

/** @throws {InterpolationError} */
export function interpolate(text: string, lookup: Lookup): string {
  return expand(text, lookup, 0);
}

export function hasVariables(text: string): boolean {
  return text.includes("$");
}

/** The same text, as a file must spell it so that nothing in it is a variable. */
export function withoutVariables(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function expand(text: string, lookup: Lookup, depth: number): string {
  if (depth > maxDepth) throw new InterpolationError("has variables nested too deeply");
  let result = "";
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf("$", at);
    result += text.slice(at, dollar === -1 ? text.length : dollar);
    if (dollar === -1) break;
    const { value, end } = expandOne(text, dollar + 1, lookup, depth);
    result += value;
    at = end;
    if (result.length > maxResult) throw new InterpolationError(`becomes longer than ${maxResult} characters`);
  }
  return result;
}

interface Expanded {
  readonly value: string;
  /** Where the text goes on. */
  readonly end: number;
}

/** @param start just after the dollar */
function expandOne(text: string, start: number, lookup: Lookup, depth: number): Expanded {
  if (text[start] === "$") return { value: "$", end: start + 1 };
  if (text[start] === "{") {
    const end = closingBrace(text, start);
    return { value: expandBraced(text.slice(start + 1, end), lookup, depth), end: end + 1 };
  }
  const plain = name.exec(text.slice(start, start + 256))?.[0];
  if (plain === undefined) {
    throw new InterpolationError(
      `has a $ that begins no variable, at ${quoted(text.slice(start - 1))}: write $$ for a dollar`,
    );
  }
  return { value: lookup(plain) ?? "", end: start + plain.length };
}

/** Of the brace at `open`. Braces inside count where they belong to a variable. */
function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "$" && text[at + 1] === "$") at += 1;
    else if (text[at] === "{" && (at === open || text[at - 1] === "$")) depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  throw new InterpolationError(`has a variable without its closing brace, at ${quoted(text.slice(open - 1))}`);
}

function expandBraced(inside: string, lookup: Lookup, depth: number): string {
  const variable = name.exec(inside)?.[0];
  const rest = inside.slice(variable?.length ?? 0);
  const how = operator.exec(rest)?.[0] ?? "";
  if (variable === undefined || (how === "" && rest !== "")) {
    throw new InterpolationError(`has no valid variable in ${quoted(`\${${inside}}`)}`);
  }
  const found = lookup(variable);
  const value = how.startsWith(":") && found === "" ? undefined : found;
  const word = () => expand(rest.slice(how.length), lookup, depth + 1);
  if (how.endsWith("+")) return value === undefined ? "" : word();
  if (value !== undefined || how === "") return value ?? "";
  if (how.endsWith("-")) return word();
  throw new InterpolationError(`needs the variable ${variable}, which is not set${saying(word())}`);
}

function saying(message: string): string {
  return message === "" ? "" : `: ${message}`;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
