/** What comes in on a socket: JSON objects, told apart by their `type`. */
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { SocketMessage } from "../../../platform/http/socket-channel.ts";
import { commandProperties } from "../command-words.ts";
import { maybe } from "../schemas.ts";

export type ReadFrame<T> = (message: SocketMessage) => T | undefined;

/** @returns undefined for what is no such frame, or no JSON */
function reader<Schema extends TSchema>(schema: Schema): ReadFrame<Static<Schema>> {
  const compiled = Compile(schema);
  return (message) => {
    const value = typeof message === "string" ? parse(message) : undefined;
    return compiled.Check(value) ? value : undefined;
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const readAuth = reader(Type.Object({ type: Type.Literal("auth"), token: Type.String({ minLength: 1 }) }));

/** Of output in frames: text, in which what is no UTF-8 is lost, or all of its bytes. */
export const OutputEncoding = Type.Enum(["utf-8", "base64"], { default: "utf-8" });
export type OutputEncoding = Static<typeof OutputEncoding>;

export const readExecStart = reader(
  Type.Object({
    ...{ type: Type.Literal("start"), cmd: Type.String({ minLength: 1 }), encoding: maybe(OutputEncoding) },
    ...commandProperties,
  }),
);
export const readStop = reader(Type.Object({ type: Type.Literal("stop") }));

/** Beyond it no program knows what to do with a size. */
const mostCells = 10_000;
const Cells = Type.Integer({ minimum: 0, maximum: mostCells });

/** 0, empty and absent: the usual. */
export const readTerminalStart = reader(
  Type.Object({
    ...{ type: Type.Literal("start"), cmd: maybe(Type.String()), cols: maybe(Cells), rows: maybe(Cells) },
    ...commandProperties,
  }),
);
export type TerminalStart = NonNullable<ReturnType<typeof readTerminalStart>>;
export const readTerminalConnect = reader(
  Type.Object({ type: Type.Literal("connect"), tag: Type.String({ minLength: 1 }) }),
);
export const readTerminalInput = reader(
  Type.Union([
    Type.Object({ type: Type.Literal("input"), data: Type.String() }),
    Type.Object({
      type: Type.Literal("resize"),
      cols: Type.Integer({ minimum: 1, maximum: mostCells }),
      rows: Type.Integer({ minimum: 1, maximum: mostCells }),
    }),
    Type.Object({ type: Type.Literal("kill") }),
  ]),
);

export type TerminalInput = NonNullable<ReturnType<typeof readTerminalInput>>;

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @returns undefined for what is none */
export function bytesOfBase64(text: string): Buffer | undefined {
  return base64.test(text) ? Buffer.from(text, "base64") : undefined;
}
