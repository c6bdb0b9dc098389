/** Places in a template's text: `{{ NAME | default:x | secret | enum:a,b | pattern:re | required }}`. What stands between such brackets and does not begin with
 *  a name (`{{.Node.Hostname}}`, which engines fill) is left as it is. */
import type { Parameter } from "./template.ts";

export interface Placeholder {
  /** In the text. */
  readonly start: number;
  readonly end: number;
  readonly parameter: Parameter;
}

export const parameterName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const option = /^\s*(?:default:|enum:|pattern:|secret\s*$|required\s*$)/;

/** In order. Takes time in proportion to the text. */
export function findPlaceholders(text: string): readonly Placeholder[] {
  const found: Placeholder[] = [];
  for (let start = text.indexOf("{{"); start !== -1; ) {
    const close = text.indexOf("}}", start + 2);
    if (close === -1) break;
    // A pattern may end with a bracket of its own.
    const end = text[close + 2] === "}" ? close + 3 : close + 2;
    const parameter = parse(text.slice(start + 2, end - 2));
    if (parameter) found.push({ start, end, parameter });
    start = text.indexOf("{{", parameter ? end : start + 2);
  }
  return found;
}

function parse(inner: string): Parameter | undefined {
  const [name = "", ...pieces] = inner.split("|");
  if (!parameterName.test(name.trim())) return undefined;
  const facts = optionsOf(pieces).map((each): Partial<Parameter> => {
    const [word = "", ...rest] = each.split(":");
    const value = rest.join(":").trim();
    if (word.trim() === "default") return { default: value };
    if (word.trim() === "pattern") return { pattern: value };
    if (word.trim() === "enum") return { enum: value.split(",").map((one) => one.trim()) };
    return word.trim() === "secret" ? { secret: true } : { required: true };
  });
  return Object.assign({ name: name.trim() }, ...facts);
}

/** What does not begin an option goes on with the one before it: a bar is also an alternative of a pattern. */
function optionsOf(pieces: readonly string[]): readonly string[] {
  const options: string[] = [];
  for (const piece of pieces) {
    if (option.test(piece)) options.push(piece);
    else if (options.length > 0) options.push(`${options.pop()}|${piece}`);
  }
  return options;
}
