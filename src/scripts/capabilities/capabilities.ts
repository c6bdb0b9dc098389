/** What one execution may reach beyond its own memory. What is not named here, no script can call: modules, processes, other servers. */
import { isYardError } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import type { WorkingTree } from "../../snapshots/working-tree.ts";
import type { Answer, Capabilities } from "../engine/engine-run.ts";
import { CallError } from "./call-error.ts";
import { createFetch, type Resolve } from "./fetch.ts";
import { callFile } from "./file-calls.ts";
import type { Policy } from "./policy.ts";
import { createSlots } from "./slots.ts";

export interface Grants {
  /** Absent: no `fs`. */
  readonly files?: WorkingTree;
  /** Asked at each call, so that what is taken away is gone at once. Which names there are is decided at the beginning. */
  policy(): Policy;
  /** The largest answer that the script could hold, in bytes. */
  readonly maxAnswerBytes: number;
  readonly resolve?: Resolve;
  readonly log: Log;
}

/** Responses of one script that may be held in memory. */
const fetchesAtOnce = 6;

export function createCapabilities({ files, policy, maxAnswerBytes, resolve, log }: Grants): Capabilities {
  const names = [...(files ? ["fs"] : []), ...(policy().fetch ? ["fetch"] : [])];
  const fetch = createFetch({ policy: () => policy().fetch, maxResponseBytes: maxAnswerBytes, resolve });
  // In the order of the calls; and the content of one file at a time.
  const fileTurn = createSlots(1);
  const fetchSlot = createSlots(fetchesAtOnce);

  function answerOf(name: string, args: unknown, content: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const operation = /^fs\.(\w+)$/.exec(name)?.[1];
    if (files !== undefined && operation !== undefined)
      return untilSent(fileTurn, signal, () => callFile(files, operation, args, content, signal));
    if (name === "fetch") return untilSent(fetchSlot, signal, () => fetch(args, content, signal));
    throw new CallError(`${name} is not allowed.`);
  }

  return {
    names,
    async call(name, args, content, signal) {
      try {
        return await answerOf(name, args, content, signal);
      } catch (error) {
        throw tellable(name, error, signal, log);
      }
    },
  };
}

/** Keeps the place until the answer has left this process: a script that asks faster than it listens is not to fill our memory. */
function untilSent(
  inPlace: (work: () => Promise<void>) => Promise<void>,
  signal: AbortSignal,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  void inPlace(async () => {
    const sent = Promise.withResolvers<void>();
    try {
      signal.throwIfAborted();
      resolve({ ...(await work()), [Symbol.dispose]: sent.resolve });
      await sent.promise;
    } catch (error) {
      reject(error);
    }
  });
  return promise;
}

/** What the script hears. Of what is wrong with the server itself, its log does. */
function tellable(name: string, error: unknown, signal: AbortSignal, log: Log): CallError {
  if (error instanceof CallError) return error;
  if (isYardError(error) && error.code !== "internal")
    return new CallError(`${name}: ${error.message}`, { cause: error });
  if (!signal.aborted) log.error({ err: error, name }, "a call of a script has failed");
  return new CallError(`${name}: it has failed; the server's log says why`, { cause: error });
}
