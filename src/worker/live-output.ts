/** Sends what tasks print while somebody looks at it: the coordinator says of which. */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../platform/log.ts";
import type { PrintedEnds, WorkerCalls } from "./coordinator.ts";
import { outputNames, type StdLog } from "./std-log.ts";

export interface LiveOutput {
  /** A task that keeps what it prints. Disposing: it prints no more. */
  add(uuid: string, output: StdLog): Disposable;
  /** Somebody looks at that of these tasks. */
  begin(uuids: readonly string[]): void;
  /** Of which it is being sent. */
  sending(): readonly string[];
}

/** Of each output, of what was printed before somebody looked, and at once. */
const mostBytes = 64 * 1024;
const lookMs = 500;
/** Where nothing is printed the coordinator is asked nevertheless whether anybody still looks. */
const askMs = 5_000;

export function createLiveOutput(calls: Pick<WorkerCalls, "sendOutput">, log: Pick<Log, "info">): LiveOutput {
  const outputs = new Map<string, StdLog>();
  const sending = new Map<string, AbortController>();

  async function send(uuid: string, output: StdLog, signal: AbortSignal): Promise<void> {
    const next = { stdout: Number.NaN, stderr: Number.NaN };
    for (let askedAt = Number.NEGATIVE_INFINITY; ; ) {
      const printed: PrintedEnds = {};
      for (const name of outputNames) {
        const { position, bytes } = await output.read(name, next[name], mostBytes);
        next[name] = position + bytes.length;
        if (bytes.length > 0) printed[name] = { position, bytes };
      }
      if (printed.stdout || printed.stderr || performance.now() - askedAt > askMs) {
        if (!(await calls.sendOutput(uuid, printed, signal))) return;
        askedAt = performance.now();
      }
      await delay(lookMs, undefined, { signal });
    }
  }

  return {
    add(uuid, output) {
      outputs.set(uuid, output);
      return {
        [Symbol.dispose]() {
          outputs.delete(uuid);
          sending.get(uuid)?.abort("ended");
        },
      };
    },

    begin(uuids) {
      for (const uuid of uuids) {
        const output = outputs.get(uuid);
        if (!output || sending.has(uuid)) continue;
        const stopping = new AbortController();
        sending.set(uuid, stopping);
        send(uuid, output, stopping.signal)
          .catch((error: unknown) => {
            if (!stopping.signal.aborted)
              log.info({ err: error, task: uuid }, "what a task prints is not shown any more");
          })
          .finally(() => sending.delete(uuid));
      }
    },

    sending: () => [...sending.keys()],
  };
}
