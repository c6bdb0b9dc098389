/** Starts a command in a pseudo-terminal. What it prints is pumped into the same kind of file as any other process' output; the
 *  terminal, and with it the process, lives no longer than the agent. */
import { closeSync, write, writeSync } from "node:fs";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { IPty } from "@lydell/node-pty";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { type Libc, libc } from "../../platform/process/libc.ts";
import { signalName } from "../../platform/process/signals.ts";
import { type Child, type Command, type Printable, startError } from "./child.ts";

export async function startInTerminal(
  command: Command,
  options: { size: { cols: number; rows: number }; output: Printable },
): Promise<Child> {
  const { spawn } = await import("@lydell/node-pty");
  const calls = libc();
  if (!calls) {
    throw new YardError("precondition", "Terminals need the koffi library, which has no build for this machine.", {
      field: "terminal",
    });
  }
  const { file, args, cwd, env, uid, gid } = command;
  const output = options.output.openForAppending(command.owner);
  let terminal: Terminal;
  try {
    // `encoding: null` asks for bytes: text would break characters that a chunk cuts in two.
    const settings = {
      ...options.size,
      name: env.TERM ?? "xterm-256color",
      cwd,
      env: { ...env },
      uid,
      gid,
      encoding: null,
    };
    terminal = spawn(file, [...args], settings) as Terminal;
  } catch (error) {
    closeSync(output);
    throw startError(error, file);
  }
  // Before anything else is started: node-pty opens the terminal's master side inheritable, and a process that holds it keeps the
  // terminal open for ever and can read and write it.
  calls.closeOnExec(terminal.fd);

  const pump = pumpInto(output, terminal);
  const { promise: exited, resolve } = Promise.withResolvers<Awaited<Child["exited"]>>();
  const keyboard = openKeyboard(terminal.fd, calls);
  terminal.on("close", keyboard.close);
  terminal.onExit(async ({ exitCode, signal }) => {
    keyboard.close();
    await pump.drained();
    closeSync(output);
    resolve(signal ? { code: null, signal: signalName(signal) } : { code: exitCode, signal: null });
  });
  return {
    pid: terminal.pid,
    stdin: keyboard.input,
    exited,
    resize: ({ cols, rows }) => {
      if (keyboard.isOpen()) terminal.resize(cols, rows);
    },
    release: () => terminal.kill("SIGKILL"),
  };
}

/** What node-pty's types leave out. */
type Terminal = IPty & { readonly fd: number; on(event: "close", listener: () => void): void };

/** Where what a terminal shows comes from. */
export interface ScreenSource {
  onData(listener: (data: string | Buffer) => void): void;
  pause(): void;
  resume(): void;
}

/** Written at once: into the page cache that takes some microseconds, and a way through the thread pool, there and back, ten times as long. What a key echoes is this small. */
const smallBytes = 4 * 1024;

/** Appends what the terminal shows to the file, one write at a time; the terminal waits meanwhile. */
export function pumpInto(fd: number, terminal: ScreenSource): { drained(): Promise<void> } {
  let writing: Promise<void> = Promise.resolve();
  let pending = 0;
  function appendAtOnce(bytes: Buffer): void {
    try {
      writeSync(fd, bytes);
    } catch {
      // A full disk: see below.
    }
  }
  const append = (bytes: Buffer) =>
    new Promise<void>((resolve) => {
      // On a full disk the bytes are lost: the process goes on, as one does that prints into a file itself.
      write(fd, bytes, () => resolve());
    });
  terminal.onData((data: string | Buffer) => {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (pending === 0 && bytes.length <= smallBytes) return appendAtOnce(bytes);
    pending++;
    terminal.pause();
    writing = writing
      .then(() => append(bytes))
      .then(() => {
        if (--pending === 0) terminal.resume();
      });
  });
  return { drained: () => writing };
}

interface Keyboard {
  readonly input: Writable;
  isOpen(): boolean;
  close(): void;
}

/** Writes to the terminal at the pace of who reads there. The end of `input` is Ctrl-D, which a program that reads lines takes for
 *  end-of-file. It has a descriptor of its own: node-pty may close its one at any time, and the number then names another file. */
export function openKeyboard(master: number, calls: Libc): Keyboard {
  const fd = calls.duplicate(master);
  let isOpen = true;
  async function send(bytes: Buffer): Promise<void> {
    for (let rest = bytes; isOpen && rest.length > 0; ) {
      const written = writeWithoutWaiting(fd, rest);
      rest = rest.subarray(written);
      // The terminal holds some 4 KiB that nobody has read. Node cannot wait for this descriptor, so ask again.
      if (rest.length > 0) await sleep(10);
    }
  }
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => void send(chunk).then(() => done(), done),
    final: (done) => void send(Buffer.from([endOfTransmission])).then(() => done(), done),
  });
  input.on("error", () => {});
  return {
    input,
    isOpen: () => isOpen,
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

const endOfTransmission = 0x04;

/** The descriptor is non-blocking, so this takes no time, and nothing can close it in the middle of the call.
 *  @returns how many bytes the terminal took */
function writeWithoutWaiting(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (errnoOf(error) === "EAGAIN") return 0;
    if (errnoOf(error) === "EIO") return bytes.length; // nobody has the terminal open any more, to read them
    throw error;
  }
}
