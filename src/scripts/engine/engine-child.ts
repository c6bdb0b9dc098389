/** The pool's end of one engine process: starts it, hands it one execution at a time, believes nothing of what it says, and ends it when it does not
 *  end by itself. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { YardError } from "../../platform/errors.ts";
import { after } from "../../platform/timers.ts";
import { cancelFlagDescriptor, openCancelFlag } from "./cancel-flag.ts";
import { type EngineBundle, encodeBundle } from "./engine-bundle.ts";
import { engineCommand } from "./engine-command.ts";
import { createFrameReader, encodeFrame, type Frame, maxHeadBytes } from "./frames.ts";
import { type HeapImage, heapImage } from "./heap-image.ts";
import { pagesOf } from "./memory-image.ts";
import { type EngineMessage, type PoolMessage, parseEngineMessage } from "./messages.ts";

export interface EngineChild extends AsyncDisposable {
  readonly pid: number;
  /** What its executions start from. */
  readonly base: HeapImage;
  /** Whether it can be handed something. */
  readonly isAlive: boolean;
  /** Its last words, for the log. */
  readonly lastWords: string;
  send(message: PoolMessage, ...attachment: readonly Uint8Array[]): void;
  /** Resolves when all that was sent has left this process, or nothing can be sent any more. */
  flushed(): Promise<void>;
  /** Who is told what it says and how it ends, in place of whoever was told so far. */
  listen(listener: EngineListener | undefined): void;
  /** Tells a busy engine that the execution is over. */
  flagCancelled(execution: number): void;
  kill(): void;
}

/** Of one execution. There is no promise of the end to wait for: a process lives through thousands of executions, and each that waited would stay in memory
 *  until then, with all it has left. */
export interface EngineListener {
  /** An error of it ends the process. */
  said(message: EngineMessage, attachment: Buffer): void;
  /** The process has ended, however; at once, if it had before. */
  ended?(): void;
}

export interface EngineChildOptions {
  /** The most that an execution may be granted, in MiB. */
  readonly maxMemoryMb: number;
  readonly engine: EngineBundle;
}

const startTimeoutMs = 20_000;
const keptWordsCharacters = 4_000;
const megabyte = 1024 ** 2;
/** What every engine has, beside the script's memory. */
const baseAllowanceMb = 64;

/** @throws {YardError} unavailable: it did not start */
export async function openEngineChild({ maxMemoryMb, engine }: EngineChildOptions): Promise<EngineChild> {
  const flag = openCancelFlag();
  const { file, args } = engineCommand(maxMemoryMb);
  const stdio: ("pipe" | number)[] = ["pipe", "pipe", "pipe"];
  stdio[cancelFlagDescriptor] = flag.descriptor;
  const child = spawn(file, args, { cwd: "/", env: {}, stdio });
  const ended = endOf(child).finally(() => flag[Symbol.dispose]());
  const words = keepLastWords(child);
  const limits = { headBytes: maxHeadBytes, attachmentBytes: (maxMemoryMb + baseAllowanceMb) * megabyte };
  const ready = Promise.withResolvers<HeapImage>();
  let isAlive = true;
  let hasEnded = false;
  let listener: EngineListener | undefined = {
    said(message, attachment) {
      if (message.type !== "ready") throw new Error("The script engine talks before it is ready.");
      const { build, stackPointer, hooks } = message;
      ready.resolve(heapImage(build, { pages: pagesOf(attachment), stackPointer, hooks }));
    },
    ended: () =>
      ready.reject(new YardError("unavailable", `The script engine did not start: ${words() || "it ended at once"}.`)),
  };

  /** It counts as dead from now on, not from when the system says so: nothing that it has said meanwhile is read, and nobody hands it the next
   *  execution. */
  function kill(): void {
    isAlive = false;
    child.kill("SIGKILL");
  }

  function receive({ head, attachment }: Frame): void {
    listener?.said(parseEngineMessage(head), attachment);
  }

  const read = createFrameReader(limits, receive);
  child.stdout?.on("data", (chunk: Buffer) => {
    try {
      if (isAlive) read(chunk);
    } catch {
      kill(); // whatever it is, it is no engine of ours any more
    }
  });
  child.stdin?.on("error", () => {}); // it has ended; the listener is told so
  void ended.then(() => {
    isAlive = false;
    hasEnded = true;
    listener?.ended?.();
  });

  using _timer = after(startTimeoutMs, () => child.kill("SIGKILL"));
  for (const bytes of encodeBundle(engine)) child.stdin?.write(bytes);
  const base = await ready.promise;
  listener = undefined;
  return {
    base,
    pid: child.pid ?? 0,
    get isAlive() {
      return isAlive;
    },
    get lastWords() {
      return words();
    },
    send(message, ...attachment) {
      child.stdin?.cork();
      for (const bytes of encodeFrame(message, ...attachment)) child.stdin?.write(bytes);
      child.stdin?.uncork();
    },
    flushed: () => new Promise((resolve) => child.stdin?.write(new Uint8Array(), () => resolve())),
    listen(next) {
      listener = next;
      if (hasEnded) next?.ended?.();
    },
    flagCancelled: (execution) => flag.cancel(execution),
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      await ended;
    },
  };
}

async function endOf(child: ChildProcess): Promise<void> {
  try {
    await once(child, "close");
  } catch {} // it could not be started: `close` will not come
}

function keepLastWords(child: ChildProcess): () => string {
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-keptWordsCharacters);
  });
  return () => words.trim();
}
