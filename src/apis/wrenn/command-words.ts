/** Commands in Wrenn's words: what a request says of one, and what is said of its outcome. */
import { isUtf8 } from "node:buffer";
import { type Static, Type } from "typebox";
import type { Inside } from "../../capsules/capsule.ts";
import type { CommandSpec, FinishedCommand } from "../../capsules/commands/commands.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { idToWire } from "./ids.ts";
import { capsuleErrors } from "./inside.ts";
import { maybe } from "./schemas.ts";

/** What every way of starting a command may say of it. */
export const commandProperties = {
  args: maybe(Type.Array(Type.String())),
  envs: maybe(Type.Record(Type.String(), Type.String(), { description: "Variables besides the capsule's own" })),
  cwd: maybe(Type.String({ description: "Relative to the home directory, which ~ stands for; that one if absent" })),
};

interface WireCommand {
  readonly args?: readonly string[] | null;
  readonly envs?: Readonly<Record<string, string>> | null;
  readonly cwd?: string | null;
}

/** Besides what the request says, a command is told where it runs. */
export function commandFromWire(command: string, { args, envs, cwd }: WireCommand, { capsule }: Inside): CommandSpec {
  const facts = {
    WRENN_SANDBOX: "true",
    WRENN_SANDBOX_ID: idToWire("capsule", capsule.id),
    WRENN_TEMPLATE_ID: capsule.template,
  };
  return { command, args: args ?? [], env: envs ?? {}, facts, cwd: cwd ?? undefined };
}

export const ExecReply = Type.Object(
  {
    sandbox_id: Type.String(),
    cmd: Type.String(),
    stdout: Type.String(),
    stderr: Type.String(),
    exit_code: Type.Integer({
      description: "-1: a signal has ended it. 127: there is no such program; 126: no program",
    }),
    duration_ms: Type.Integer(),
    encoding: Type.Enum(["utf-8", "base64"], {
      description: "Of both outputs: base64, if either is anything but UTF-8",
    }),
  },
  { description: "It has ended" },
);

export function finishedToWire({
  stdout,
  stderr,
  exitCode,
  durationMs,
}: FinishedCommand): Pick<Static<typeof ExecReply>, "stdout" | "stderr" | "exit_code" | "duration_ms" | "encoding"> {
  const encoding = isUtf8(stdout) && isUtf8(stderr) ? "utf-8" : "base64";
  return {
    stdout: stdout.toString(encoding),
    stderr: stderr.toString(encoding),
    ...{ exit_code: exitCode, duration_ms: durationMs, encoding },
  };
}

const wireFields: Readonly<Record<string, string>> = { command: "cmd", argv: "cmd", env: "envs" };

/** For `.catch`: what is wrong with a command, by the names that the request has for its parts. */
export function commandErrors(error: unknown): never {
  const field = isYardError(error, "invalid") && error.field !== undefined ? wireFields[error.field] : undefined;
  if (isYardError(error) && field !== undefined) {
    throw new YardError("invalid", error.message, { field, cause: error });
  }
  return capsuleErrors(error);
}
