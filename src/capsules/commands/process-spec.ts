/** What a command is to the sandbox it runs in: a process, and what is needed to recognise it later, which the host keeps with it. */
import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { ProcessSpec } from "../../sandboxes/sandbox.ts";
import type { CommandSpec } from "./commands.ts";

/** `run`: somebody waits for its end. `background`: started, perhaps with a listener. */
export type CommandKind = "run" | "background" | "terminal";

/** Of either output of a command that is waited for: all of it is held in memory, and sent as one reply, in which a byte may become six. */
export const mostOutputBytes = 16 * 1024 * 1024;

/** Of root, whom commands run as. */
const home = "/root";

/** Of each output on the host's disk: what somebody waits for is answered whole; otherwise it is what a listener may fall behind by. */
const keptBytes = { run: mostOutputBytes, background: 64 * 1024 * 1024, terminal: 16 * 1024 * 1024 };
/** Who reads the output of an ended command reads on for as long; then it goes even if the yard was not there to say so. */
const forgetAfterMs = 10 * 60_000;

/** @throws {YardError} invalid (`command`, `args`, `env`, `cwd`) */
export function processSpecOf(
  spec: CommandSpec,
  as: { kind: CommandKind; tag?: string; size?: { cols: number; rows: number } },
): ProcessSpec {
  const { command, args = [], env, facts } = spec;
  if (command === "") throw new YardError("invalid", "There is no command to run.", { field: "command" });
  refuseNul("command", [command]);
  refuseNul("args", args);
  refuseNul("env", Object.entries(env ?? {}).flat());
  const { kind, tag, size } = as;
  return {
    id: newId("process"),
    argv: [command, ...args],
    cwd: spec.cwd === undefined || spec.cwd === "" ? undefined : directoryOf(spec.cwd),
    env,
    facts,
    stdin: size ? undefined : "none",
    terminal: size,
    streams: size ? "merged" : "separate",
    maxOutputBytes: keptBytes[kind],
    forgetAfterMs,
    sparesGroup: true,
    meta: { kind, tag, command, args },
  };
}

/** A tag for a command that was given none. */
export function newTag(prefix: "proc" | "pty"): string {
  return `${prefix}-${randomBytes(4).toString("hex")}`;
}

function directoryOf(cwd: string): string {
  refuseNul("cwd", [cwd]);
  if (cwd === "~" || cwd.startsWith("~/")) return posix.join(home, cwd.slice(1));
  if (!cwd.startsWith("~")) return posix.resolve(home, cwd);
  throw new YardError("invalid", `${cwd} is no directory: only ~ and ~/… stand for a home directory.`, {
    field: "cwd",
  });
}

function refuseNul(field: string, texts: readonly string[]): void {
  if (texts.some((text) => text.includes("\0"))) {
    throw new YardError("invalid", `${field} holds a NUL byte.`, { field });
  }
}
