/** What a script asks of the control plane while it runs, and what it is answered. */
import { errnoOf, YardError } from "../../platform/errors.ts";
import type { EngineChild } from "./engine-child.ts";
import { maxArgsBytes } from "./frames.ts";
import type { ExecutionLimits } from "./limits.ts";
import type { CallMessage } from "./messages.ts";

/** What a call comes to. It is disposed of when it has left this process: until then its content takes memory here. */
export interface Answer extends Partial<Disposable> {
  readonly value?: unknown;
  readonly content?: Uint8Array;
}

/** What a script may ask of the control plane. */
export interface Capabilities {
  /** `fetch`, `fs`, `import`: those that are named exist in the script, the others do not. */
  readonly names: readonly string[];
  /** Answers a call of one of them (`fetch`, `fs.readFile`, `import`). What it throws is the script's to catch, with message and `code`. */
  call(name: string, args: unknown, content: Uint8Array, signal: AbortSignal): Promise<Answer>;
}

export const noCapabilities: Capabilities = {
  names: [],
  async call(name) {
    throw new YardError("forbidden", `${name} is not allowed.`);
  },
};

const megabyte = 1024 ** 2;

export interface CallOptions {
  readonly limits: ExecutionLimits;
  readonly capabilities: Capabilities;
  /** Aborted when the execution is over: nobody waits for answers any more. */
  readonly signal: AbortSignal;
}

/** @returns what takes the calls of one execution. A process that goes beyond its limits is killed: the engine in it would not have */
export function createCallAnswers(child: EngineChild, { limits, capabilities, signal }: CallOptions) {
  let openCalls = 0;
  /** Sent with calls that have no answer yet. */
  let calledBytes = 0;

  async function ask(name: string, args: Buffer, content: Buffer): Promise<Answer> {
    if (calledBytes > limits.memoryMb * megabyte + maxArgsBytes)
      throw new RangeError("Too much data is under way at once: wait for some of it first.");
    const isGranted = capabilities.names.includes(name.split(".")[0] ?? "");
    return await (isGranted ? capabilities : noCapabilities).call(name, JSON.parse(args.toString()), content, signal);
  }

  function reply(call: number, ok: boolean, value: unknown, content: Uint8Array = new Uint8Array()): void {
    if (!signal.aborted) child.send({ type: "reply", call, ok, value: value ?? null }, content);
  }

  return async ({ call, name, argsBytes }: CallMessage, attachment: Buffer): Promise<void> => {
    if (++openCalls > limits.calls + 1 || argsBytes > Math.min(maxArgsBytes, attachment.length)) return child.kill();
    calledBytes += attachment.length;
    let answered: Answer | undefined;
    try {
      answered = await ask(name, attachment.subarray(0, argsBytes), attachment.subarray(argsBytes));
      reply(call, true, answered.value, answered.content);
    } catch (error) {
      reply(call, false, describeRefusal(error));
    } finally {
      openCalls--;
      calledBytes -= attachment.length;
    }
    await child.flushed();
    answered?.[Symbol.dispose]?.();
  };
}

/** What a script may know of an error of ours: the words that are meant for callers. */
function describeRefusal(error: unknown): { message: string; code?: string } {
  if (error instanceof YardError) return { message: error.message, code: error.field };
  return { message: error instanceof Error ? error.message : String(error), code: errnoOf(error) };
}
