/** Starts a process in a container: checks the spec, hands it to what starts it inside, and takes the process' number from its first line. */
import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { YardError } from "../../platform/errors.ts";
import { assertText } from "../processes/process-text.ts";
import type { ProcessSpec } from "../sandbox.ts";
import { type ByteReader, createByteReader } from "./byte-reader.ts";
import type { EngineExec } from "./engine-exec.ts";
import type { StartProcess } from "./process-start.ts";

export interface Launched {
  readonly pid: number;
  readonly nonce: string;
  readonly exec: EngineExec;
  /** What follows the first line. */
  readonly output: ByteReader;
  readonly stdin: Writable | undefined;
}

export interface LaunchParts {
  /** Of the image; the spec's own go before. */
  readonly env: readonly string[];
  readonly marks: Readonly<Record<string, string>>;
  /** Of the directory of its traces. */
  readonly traces: string;
  /** Directories of processes that have ended and are recorded. */
  readonly done: readonly string[];
}

const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const startTimeoutMs = 30_000;

/** @throws {YardError} invalid or precondition (with `field`), unavailable */
export async function launch(startProcess: StartProcess, spec: ProcessSpec, parts: LaunchParts): Promise<Launched> {
  const { traces, done } = parts;
  const env = environmentOf(spec, parts);
  const { terminal, stdin = "none", cwd = "", user = "0" } = spec;
  const nonce = randomBytes(12).toString("hex");
  const exec = await startProcess({
    traces,
    nonce,
    mode: terminal ? "terminal" : (spec.streams ?? "merged"),
    hasInput: stdin !== "none",
    cwd,
    size: { cols: terminal?.cols ?? 80, rows: terminal?.rows ?? 24 },
    user,
    argv: spec.argv,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    searched: env.PATH ?? "",
    done,
  });
  const output = createByteReader(exec.output);
  using _limit = setTimeout(exec.release, startTimeoutMs);
  const first = (await output.line())?.trim();
  if (first === undefined || !/^\d+$/.test(first)) {
    exec.release();
    throw startError(first, spec);
  }
  if (typeof stdin === "object") exec.input.end(stdin.text);
  return { pid: Number(first), nonce, exec, output, stdin: stdinOf(spec, exec) };
}

function stdinOf({ stdin, terminal }: ProcessSpec, { input }: EngineExec): Writable | undefined {
  if (!terminal && stdin !== "open") return undefined;
  const writable = new Writable({
    write: (chunk: Buffer, _encoding, done) => void input.write(chunk, done),
    // The end of a terminal's input is Ctrl-D, which a program that reads lines takes for end-of-file.
    final: (done) => void (terminal ? input.write("\x04", done) : input.end(done)),
  });
  writable.on("error", () => {}); // it has closed its input or ended, which is its right
  return writable;
}

function environmentOf(spec: ProcessSpec, { env, marks }: LaunchParts): Readonly<Record<string, string>> {
  check(spec);
  const ofImage = Object.fromEntries(
    env.map((one): [string, string] => {
      const at = one.indexOf("=");
      return [one.slice(0, at), one.slice(at + 1)];
    }),
  );
  const name = spec.user ?? "root";
  const terminal: Record<string, string> = spec.terminal ? { TERM: "xterm-256color" } : {};
  return {
    PATH: standardPath,
    ...terminal,
    ...ofImage,
    USER: name,
    LOGNAME: name,
    ...spec.facts,
    ...spec.env,
    ...marks,
  };
}

function check(spec: ProcessSpec): void {
  assertText(spec);
  const { cwd, user, limits } = spec;
  const invalid = (field: string, message: string) => new YardError("invalid", message, { field });
  if (cwd !== undefined && !cwd.startsWith("/"))
    throw invalid("cwd", `The working directory must be an absolute path, not ${cwd}.`);
  if (user !== undefined && !/^[^:]+$/.test(user)) throw invalid("user", `${JSON.stringify(user)} is no user.`);
  const limited = Object.entries(limits ?? {}).find(([, limit]) => limit !== undefined)?.[0];
  if (limited !== undefined) {
    const message = "The driver container limits sandboxes, not their processes: give the limits to the sandbox.";
    throw new YardError("precondition", message, { field: `limits.${limited}` });
  }
}

/** `!<field> <reason>`, or the engine's own complaint. */
function startError(line: string | undefined, { argv: [program], user }: ProcessSpec): YardError {
  if (/unable to find user|no matching entries/i.test(line ?? "")) {
    return new YardError("invalid", `The sandbox has no user ${JSON.stringify(user)}.`, { field: "user" });
  }
  const [, field, reason] = /^!(argv|cwd) (.*)$/.exec(line ?? "") ?? [];
  if (field === "argv") return new YardError("invalid", `Cannot run ${program} in the sandbox: ${reason}.`, { field });
  if (field === "cwd") return new YardError("invalid", `The working directory cannot be used: ${reason}.`, { field });
  const said = line?.replace(/^!- /, "").slice(0, 300) || "it may be out of processes or memory";
  return new YardError("unavailable", `Cannot run ${program} in the sandbox: ${said}.`, { retryAfterMs: 1_000 });
}
