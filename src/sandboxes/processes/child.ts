/** Starts a command as a child of the agent, its output going straight into a file. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, fchownSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { asStorageError, errnoOf, YardError } from "../../platform/errors.ts";
import { posixSpawn } from "../../platform/process/posix-spawn.ts";
import type { OsUser } from "../../platform/process/users.ts";
import type { ProcessSpec } from "../sandbox.ts";

/** A file that a process prints to. @returns a descriptor, which the caller closes */
export interface Printable {
  openForAppending(owner?: { uid: number; gid: number }): number;
}

export interface PrintsTo {
  readonly output: Printable;
  /** Standard error, where that is apart. */
  readonly errors?: Printable;
}

/** What is handed to the kernel. */
export interface Command {
  readonly file: string;
  /** From the first argument on; `argv0` is what the program sees as its own name. */
  readonly args: readonly string[];
  readonly argv0: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Given where no setpriv can switch the user: supplementary groups are then the agent's. */
  readonly uid?: number;
  readonly gid?: number;
  /** Who the process will be, if not the agent's own user. */
  readonly owner?: OsUser;
}

/** A process that was just started, whatever its standard streams are. */
export interface Child {
  readonly pid: number;
  readonly stdin: Writable | undefined;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Resolves once it no longer needs the agent to come into being, where it did. */
  readonly independent?: Promise<void>;
  resize?(size: { cols: number; rows: number }): void;
  /** The agent lets go of it: it goes on by itself, except in a terminal, which ends with us. */
  release(): void;
}

/** @param directory where standard input is kept that was given as text, for a moment
 *  @throws {YardError} invalid, unavailable (no more processes), storage_full */
export async function startChild(
  command: Command,
  options: { stdin: ProcessSpec["stdin"]; logs: PrintsTo; directory: string },
): Promise<Child> {
  using descriptors = new DisposableStack();
  const ours = (fd: number) => descriptors.adopt(fd, closeSync); // the child has its own copies
  const { stdin, logs } = options;
  const output = ours(logs.output.openForAppending(command.owner));
  const errors = logs.errors ? ours(logs.errors.openForAppending(command.owner)) : output;
  const input =
    typeof stdin === "object"
      ? ours(textFile(stdin.text, options.directory, command.owner))
      : stdin === "open"
        ? "pipe"
        : "ignore";
  return (
    (input !== "pipe" && startQuickly(command, [input, output, errors])) ||
    (await startByNode(command, [input, output, errors]))
  );
}

type Streams<Input> = [input: Input, output: number, errors: number];

/** @returns undefined where only Node's spawn can do it */
function startQuickly(command: Command, [input, ...logs]: Streams<number | "ignore">): Child | undefined {
  if (command.uid !== undefined) return undefined; // posix_spawn cannot switch the user
  const { file, args, argv0, cwd, env } = command;
  try {
    const stdio = [input === "ignore" ? null : input, ...logs] as const;
    const child = posixSpawn({ file, argv: [argv0, ...args], cwd, env, stdio });
    return child && { ...child, stdin: undefined };
  } catch (error) {
    throw startError(error, file);
  }
}

async function startByNode(command: Command, stdio: Streams<number | "ignore" | "pipe">): Promise<Child> {
  const { file, args, argv0, cwd, env, uid, gid } = command;
  let child: ChildProcess;
  try {
    child = spawn(file, args, { argv0, cwd, env, uid, gid, detached: true, stdio });
  } catch (error) {
    throw startError(error, file);
  }
  if (child.pid === undefined) throw startError((await once(child, "error"))[0], file);
  child.stdin?.on("error", () => {}); // EPIPE: it has closed its input or ended, which is its right
  return {
    pid: child.pid,
    stdin: child.stdin ?? undefined,
    exited: new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    }),
    release: () => child.unref(),
  };
}

/** A file without a name that holds `text`, to be read from its beginning. A file, not a pipe: it can be opened anew as /dev/stdin, needs
 *  nobody to pump it, and is still there when the agent is not. */
export function textFile(text: string, directory: string, owner: { uid: number; gid: number } | undefined): number {
  const path = join(directory, `stdin-${randomUUID()}`);
  try {
    const fd = openSync(path, "wx+", 0o600);
    try {
      unlinkSync(path);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
      if (owner) fchownSync(fd, owner.uid, owner.gid);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (error) {
    throw asStorageError(error, "The standard input cannot be stored");
  }
}

export function startError(error: unknown, file: string): YardError {
  const errno = errnoOf(error);
  if (errno === "E2BIG") {
    return new YardError("invalid", `Cannot run ${file}: arguments and environment are too long (E2BIG).`, {
      field: "argv",
    });
  }
  if (errno === "ENOEXEC") {
    const message = `Cannot run ${file}: it is neither a program nor a script with a #! line (ENOEXEC).`;
    return new YardError("invalid", message, { field: "argv" });
  }
  if (errno === "EAGAIN" || errno === "ENOMEM" || errno === "EMFILE" || errno === "ENFILE") {
    const message = `Cannot run ${file}: this host is out of processes, memory or descriptors (${errno}). Try again later.`;
    return new YardError("unavailable", message, { cause: error, retryAfterMs: 1_000 });
  }
  return new YardError("invalid", `Cannot run ${file} (${errno ?? String(error)}).`, { field: "argv", cause: error });
}
