/** The thread of nursery.ts. Its rights are gone for good once it has confined itself, so it does nothing but start processes. */
import { openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { errnoOf } from "../../platform/errors.ts";
import { kernel } from "../../platform/process/kernel.ts";
import { libc, type RawSpawnRequest } from "../../platform/process/libc.ts";

export interface Birth {
  readonly number: number;
  readonly pidNamespace: number;
  readonly request: RawSpawnRequest;
}

export interface Born {
  readonly number: number;
  readonly pid?: number;
  /** Name of the error, where there was one. */
  readonly errno?: string | number;
}

const ownPidNamespace = openSync("/proc/self/ns/pid", "r");
kernel().confineThread(Buffer.from(workerData as Uint8Array));

parentPort?.on("message", ({ number, pidNamespace, request }: Birth) => {
  const born = (fields: Omit<Born, "number">) => parentPort?.postMessage({ number, ...fields } satisfies Born);
  try {
    kernel().enterPidNamespace(pidNamespace);
    const result = libc()?.spawn?.(request);
    kernel().enterPidNamespace(ownPidNamespace); // nothing else may be born there
    if (result === undefined) born({ errno: "ENOSYS" });
    else born(result.errno === 0 ? { pid: result.pid } : { errno: result.errno });
  } catch (error) {
    born({ errno: errnoOf(error) ?? String(error) });
  }
});
