/** A template with its places filled: what is written as a stack's files, and the same as it may be shown. */
import { renderCompose, renderEnv } from "./render.ts";
import type { Template } from "./template.ts";
import { type FilledValue, fill, isSecret, parametersOf } from "./values.ts";

export interface PreparedStack {
  readonly compose: string;
  /** Empty: it has no variables. */
  readonly env: string;
  /** Without secrets: what stands for those says whether they were made up. */
  readonly shownValues: Readonly<Record<string, string>>;
  readonly shownCompose: string;
}

/** @throws {YardError} invalid (`values.…`); precondition, of a template that cannot be filled */
export function prepareStack(template: Template, given: Readonly<Record<string, string>>): PreparedStack {
  const values = fill(parametersOf(template), given);
  const shown = new Map(Array.from(values, ([name, filled]) => [name, withoutSecret(filled)]));
  return {
    compose: renderCompose(template.compose, values),
    env: renderEnv(template.env, values),
    shownCompose: renderCompose(template.compose, shown),
    shownValues: Object.fromEntries(Array.from(shown, ([name, { value }]) => [name, value])),
  };
}

function withoutSecret(filled: FilledValue): FilledValue {
  if (!isSecret(filled.parameter)) return filled;
  return { ...filled, value: filled.isGenerated ? "<generated>" : "<secret>", isGiven: false };
}
