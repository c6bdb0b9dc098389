/** What a setting is. */
import type { Parse } from "./values.ts";

interface Definition<T> {
  readonly parse: Parse<T>;
  /** One line for the help. */
  readonly help: string;
  /** What stands for the value in the help. */
  readonly placeholder: string;
  /** What may be shown of it, where it holds a secret. */
  readonly show?: (text: string) => string;
}

export interface Setting<T> extends Definition<T> {
  /** What it is when nobody sets it, as one would write it. Without one it is undefined then. */
  readonly fallback?: (env: Environment) => string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function withDefault<T>(
  fallback: string | ((env: Environment) => string),
  definition: Definition<T>,
): Setting<T> {
  return { ...definition, fallback: typeof fallback === "string" ? () => fallback : fallback };
}

export function optional<T>(definition: Definition<T>): Setting<T | undefined> {
  return definition;
}

/** Of a secret. */
export const hidden = (): string => "(hidden)";
