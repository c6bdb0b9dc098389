/** Fills the places of a template. In YAML a value fills a text, whatever characters it has: it never becomes structure, a comment or an anchor. */
import { isScalar, parseDocument, type Scalar, visit } from "yaml";
import { YardError } from "../../platform/errors.ts";
import { randomText } from "../../platform/ids.ts";
import { findPlaceholders, type Placeholder } from "./placeholders.ts";
import type { FilledValue } from "./values.ts";

type Values = ReadonlyMap<string, FilledValue>;

/** @throws {YardError} precondition: the template is no YAML */
export function renderCompose(text: string, values: Values): string {
  const places = findPlaceholders(text);
  if (places.length === 0) return text;
  // Brackets are YAML themselves: each place is a word while it is read, which nobody can know before.
  const mark = `place_${randomText(16)}_`;
  const document = parseDocument(replaced(text, places, (_place, index) => `${mark}${index}_`));
  if (document.errors.length > 0)
    throw new YardError("precondition", `The template is no YAML: ${document.errors[0]!.message.split("\n", 1)[0]}`);
  const marks = new RegExp(`${mark}(\\d+)_`, "g");
  const valueAt = (index: string) => withoutVariables(values.get(places[Number(index)]!.parameter.name)!);
  const fillText = (marked: string) => marked.replaceAll(marks, (_all, index: string) => valueAt(index).value);
  visit(document, {
    Node(_key, node) {
      // What a comment says is for people: a place in one is filled with nothing.
      if (node.comment) node.comment = node.comment.replaceAll(marks, "…");
      if (node.commentBefore) node.commentBefore = node.commentBefore.replaceAll(marks, "…");
      if (isScalar(node)) fillScalar(node, { marks, fillText, valueAt });
    },
  });
  if (document.comment) document.comment = document.comment.replaceAll(marks, "…");
  if (document.commentBefore) document.commentBefore = document.commentBefore.replaceAll(marks, "…");
  const rendered = document.toString({ lineWidth: 0 });
  if (rendered.includes(mark))
    throw new YardError("precondition", "The template has a place where YAML has no text, such as an anchor or a tag.");
  return rendered;
}

/** What is filled in is what was given, whatever it looks like. What the template itself has may name a variable of the stack. */
function withoutVariables(filled: FilledValue): FilledValue {
  return filled.isGiven ? { ...filled, value: filled.value.replaceAll("$", "$$$$") } : filled;
}

interface Filling {
  readonly marks: RegExp;
  fillText(marked: string): string;
  valueAt(index: string): FilledValue;
}

function fillScalar(node: Scalar, { marks, fillText, valueAt }: Filling): void {
  if (typeof node.value !== "string" || node.value.search(marks) === -1) return;
  const [whole, index] = [...node.value.matchAll(marks)][0]!;
  const isAlone = node.type === "PLAIN" && whole === node.value;
  node.value = isAlone ? typed(valueAt(index!)) : fillText(node.value);
}

/** Without quotes, and alone, a place of a number is a number. */
function typed({ parameter: { type }, value }: FilledValue): string | number | boolean {
  const isFree = type === undefined;
  if ((isFree || type === "number") && String(Number(value)) === value && Number.isFinite(Number(value)))
    return Number(value);
  if ((isFree || type === "bool") && (value === "true" || value === "false")) return value === "true";
  return value;
}

/** Lines of `KEY=value`: a value is one line, so it fills no other. What could mean something there is quoted, or else refused.
 *  @throws {YardError} invalid (`values.…`) */
export function renderEnv(text: string, values: Values): string {
  return replaced(text, findPlaceholders(text), ({ parameter: { name }, start, end }) => {
    const { value, isGiven } = values.get(name)!;
    if (!isGiven || plainValue.test(value)) return value;
    const before = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
    const isAlone = /=[ \t]*$/.test(before) && /^[ \t]*(?:\r?\n|$)/.test(text.slice(end));
    if (isAlone && !value.includes("'")) return `'${value}'`;
    throw new YardError("invalid", "has characters that cannot stand there among the variables", {
      field: `values.${name}`,
    });
  });
}

/** Neither a quote, a comment nor a variable. */
const plainValue = /^[\w.:/@%+,=~-]*$/;

function replaced(
  text: string,
  places: readonly Placeholder[],
  fill: (place: Placeholder, index: number) => string,
): string {
  let at = 0;
  const parts = places.map((place, index) => {
    const before = text.slice(at, place.start);
    at = place.end;
    return before + fill(place, index);
  });
  return parts.join("") + text.slice(at);
}
