/** A tool: a name, what it takes and gives as schemas, the permission that it needs, and one call of a domain. */
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Permission } from "../../identity/permissions.ts";
import { describeFault } from "../../platform/http/validation-faults.ts";
import type { Asker } from "./askers.ts";

export interface ToolHints {
  /** It changes nothing. */
  readonly reads?: boolean;
  /** It may undo what others did. */
  readonly destroys?: boolean;
}

export interface Tool extends ToolHints {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly needs: Permission;
  readonly input: TSchema;
  readonly output: TSchema;
  /** @param given arguments as they came
   *  @throws {YardError} invalid, with the argument at fault; what the domain throws */
  call(given: unknown, asker: Asker): Promise<object>;
  /** Of a tool whose calls may be tasks. */
  readonly asTask?: {
    /** @returns the id of the execution that the task is. @throws as `call` */
    begin(given: unknown, asker: Asker): Promise<string>;
    /** What the call would have answered. Waits for the end. */
    outcome(id: string, asker: Asker): Promise<object>;
  };
}

interface ToolDefinition<Input extends TSchema> extends Omit<Tool, "input" | "call" | "asTask"> {
  readonly input: Input;
  run(given: Static<Input>, asker: Asker): Promise<object>;
  readonly asTask?: {
    begin(given: Static<Input>, asker: Asker): Promise<string>;
    outcome(id: string, asker: Asker): Promise<object>;
  };
}

export function defineTool<Input extends TSchema>({ run, asTask, ...about }: ToolDefinition<Input>): Tool {
  const validator = Compile(about.input);
  function check(given: unknown): Static<Input> {
    if (validator.Check(given)) return given as Static<Input>;
    throw new ArgumentError(describeFault("body", [...validator.Errors(given)]));
  }
  return {
    ...about,
    call: async (given, asker) => run(check(given), asker),
    asTask: asTask && { ...asTask, begin: async (given, asker) => asTask.begin(check(given), asker) },
  };
}

/** The arguments do not fit the tool's schema: the caller's program is wrong, not what it asks for. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";

  constructor(fault: { readonly message: string; readonly field: string | undefined }) {
    super(
      fault.field === undefined ? "The arguments must be an object." : `Argument ${fault.field}: ${fault.message}.`,
    );
  }
}

/** Arguments by name; others are refused. */
export function argumentsOf<Properties extends Record<string, TSchema>>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/** An argument that may be left out, or be null. */
export function maybe<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

export const Tags = Type.Unsafe<Record<string, string>>({ type: "object", additionalProperties: { type: "string" } });
export const Done = Type.Object({ ok: Type.Boolean() });
