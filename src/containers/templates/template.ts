/** Templates of stacks: compose files with places that are filled when one is deployed. */
export const parameterTypes = ["string", "number", "bool", "secret"] as const;
export type ParameterType = (typeof parameterTypes)[number];

/** What fills a place of that name. */
export interface Parameter {
  readonly name: string;
  readonly description?: string;
  readonly type?: ParameterType;
  readonly default?: string;
  /** Made up where nobody gives one, and never shown again. */
  readonly secret?: boolean;
  /** The values that it may have. */
  readonly enum?: readonly string[];
  /** A regular expression that the whole value matches. */
  readonly pattern?: string;
  readonly required?: boolean;
}

export interface TemplateInput {
  /** Unique. */
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly iconUrl: string;
  readonly compose: string;
  readonly env: string;
  /** Declared: where the text says something else of one, this counts. */
  readonly parameters: readonly Parameter[];
  readonly author: string;
  readonly version: string;
}

export interface Template extends TemplateInput {
  readonly id: number;
  /** Came with the yard: cannot be changed. */
  readonly isBuiltIn: boolean;
  /** Written by somebody who may reach the hosts themselves, or by us. */
  readonly isTrusted: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}
