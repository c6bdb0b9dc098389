/** What the pool and the engine's process say to one another. The process is not trusted: what comes from it is parsed by these schemas,
 *  and what a schema cannot say is checked where it is used. */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { ExecutionLimits } from "./limits.ts";
import { executionStatuses, failureKinds } from "./outcome.ts";

/** From the pool. The attachment is the source in UTF-8, then the pages that `heap.sent` names. */
export interface RunMessage {
  readonly type: "run";
  readonly execution: number;
  readonly name: string;
  readonly sourceBytes: number;
  readonly limits: ExecutionLimits;
  readonly capabilities: readonly string[];
  readonly format: "inspect" | "json";
  /** Absent: from the base image. */
  readonly heap?: {
    readonly token: number;
    /** Absent: the process has it. */
    readonly sent?: {
      readonly stackPointer: number;
      readonly hooks: number;
      /** All that it has. */
      readonly pages: number;
      /** Those that are not as in the base image. */
      readonly changed: readonly number[];
    };
  };
  /** Keep the memory afterwards under this token, and send what has changed in it. Absent: it is thrown away. */
  readonly keepAs?: number;
  /** Images that will not be asked for again. */
  readonly forget: readonly number[];
}

/** The answer to a call. The attachment is its content. */
export interface ReplyMessage {
  readonly type: "reply";
  readonly call: number;
  readonly ok: boolean;
  readonly value: unknown;
}

export interface CancelMessage {
  readonly type: "cancel";
  readonly execution: number;
}

export type PoolMessage = RunMessage | ReplyMessage | CancelMessage;

const count = Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 });
const milliseconds = Type.Number({ minimum: 0, maximum: 2 ** 53 });
const maxPages = 2 ** 20;

const ready = Type.Object({
  type: Type.Literal("ready"),
  build: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  stackPointer: count,
  hooks: count,
});

const output = Type.Object({ type: Type.Literal("output") });

/** The attachment is the arguments as JSON, then the content. */
const call = Type.Object({
  type: Type.Literal("call"),
  call: count,
  name: Type.String({ maxLength: 64 }),
  argsBytes: count,
});

/** The attachment is the result's JSON, then the bytes of the changed pages. */
const done = Type.Object({
  type: Type.Literal("done"),
  execution: count,
  status: Type.Enum(executionStatuses),
  failure: Type.Optional(Type.Object({ kind: Type.Enum(failureKinds), message: Type.String({ maxLength: 70_000 }) })),
  result: Type.Optional(
    Type.Object({
      jsonBytes: Type.Optional(count),
      lost: Type.Array(Type.String({ maxLength: 70_000 }), { maxItems: 20 }),
    }),
  ),
  /** How long it was prepared (compiled, loaded) and how long it ran. */
  prepareMs: milliseconds,
  runMs: milliseconds,
  /** The pages that differ from the image it started with, in this order. */
  heap: Type.Optional(
    Type.Object({
      bytes: count,
      stackPointer: count,
      hooks: count,
      changed: Type.Array(count, { maxItems: maxPages }),
    }),
  ),
});

const engineMessage = Type.Union([ready, output, call, done]);
export type EngineMessage = Static<typeof engineMessage>;
export type ReadyMessage = Static<typeof ready>;
export type DoneMessage = Static<typeof done>;
export type CallMessage = Static<typeof call>;

const compiled = Compile(engineMessage);

/** @throws {Error} if it is none of the engine's messages */
export function parseEngineMessage(head: unknown): EngineMessage {
  if (!compiled.Check(head)) throw new Error("The script engine has sent what is no message.");
  return head;
}
