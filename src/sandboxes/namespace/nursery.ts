/** Where the processes of all sandboxes are born: one thread of the agent that has given up for ever what no sandbox may have (seccomp.ts), and of which every
 *  child inherits that. It can also enter the pid namespace of a sandbox, as each thread has its own; so a process in a sandbox is the agent's own child, with
 *  its true exit status, and no helper stands in between. */
import { extname, resolve } from "node:path";
import { getSystemErrorName } from "node:util";
import { Worker } from "node:worker_threads";
import { YardError } from "../../platform/errors.ts";
import type { RawSpawnRequest } from "../../platform/process/libc.ts";
import { type Spawned, waitForChild } from "../../platform/process/posix-spawn.ts";
import type { Birth, Born } from "./nursery-thread.ts";

export interface Nursery extends AsyncDisposable {
  /** Starts a process in that pid namespace, in a session of its own. `stdio` are descriptors of this process.
   *  @throws an error with the errno's name as its `code` */
  spawn(pidNamespace: number, request: RawSpawnRequest): Promise<Spawned>;
}

const program = resolve(import.meta.dirname, `nursery-thread${extname(import.meta.filename)}`);

/** @param filter what the processes may not do, compiled */
export function openNursery(filter: Buffer): Nursery {
  const waiting = new Map<number, PromiseWithResolvers<Spawned>>();
  let next = 0;
  const thread = new Worker(program, { workerData: filter, execArgv: [] });
  thread.unref();
  thread.on("message", ({ number, pid, errno }: Born) => {
    const birth = waiting.get(number);
    waiting.delete(number);
    if (waiting.size === 0) thread.unref();
    if (pid !== undefined) birth?.resolve(waitForChild(pid));
    else birth?.reject(birthError(errno));
  });
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure = error;
    for (const birth of waiting.values()) birth.reject(error);
    waiting.clear();
  };
  thread.on("error", (cause) =>
    fail(new YardError("unavailable", `Processes cannot be confined here: ${String(cause)}.`, { cause })),
  );
  thread.on("exit", () => fail(failure ?? new YardError("unavailable", "The agent is closing.")));

  return {
    spawn(pidNamespace, request) {
      if (failure) return Promise.reject(failure);
      const birth = Promise.withResolvers<Spawned>();
      const number = next++;
      waiting.set(number, birth);
      thread.ref();
      thread.postMessage({ number, pidNamespace, request } satisfies Birth);
      return birth.promise;
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}

function birthError(errno: string | number | undefined): Error {
  const code = typeof errno === "number" ? getSystemErrorName(-errno) : (errno ?? "EIO");
  return Object.assign(new Error(`cannot start a process in the sandbox: ${code}`), { code });
}
