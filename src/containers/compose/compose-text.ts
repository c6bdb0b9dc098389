/** Compose files that are made up here: from what runs, or from a command line. */
import { stringify } from "yaml";
import { withoutVariables } from "./interpolation.ts";

/** In the words of the file. What is undefined or empty is left out. */
export interface ServiceText {
  readonly image: string;
  readonly [key: string]: unknown;
}

export interface ComposeText {
  readonly services: Readonly<Record<string, ServiceText>>;
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

export function composeText(file: ComposeText): string {
  return stringify(prune(file), { lineWidth: 0 });
}

/** The same without what says nothing, and with every dollar spelled so that it stays one. `null` stays: it declares a name. */
function prune(value: unknown): unknown {
  if (typeof value === "string") return withoutVariables(value);
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, prune(one)] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined && !isEmpty(one)));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
