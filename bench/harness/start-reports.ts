/** Where apps report that they have started: a named pipe, one line `name pid` for each start. */
import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Bench } from "./figure.ts";
import { openTemporaryDirectory } from "./temporary.ts";

export interface StartReports extends AsyncDisposable {
  /** The pipe's path. */
  readonly path: string;
  /** Resolves at the next start of that app. @throws {Error} after 30 s without one */
  next(name: string, signal: AbortSignal): Promise<void>;
}

export async function openStartReports(bench: Bench): Promise<StartReports> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "reports"));
  const path = join(directory.path, "started");
  await promisify(execFile)("mkfifo", [path]);
  // Open for writing too: so neither does this open wait for a writer, nor does the last writer's close end the stream.
  const pipe = new Socket({
    fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });
  opened.defer(() => void pipe.destroy());
  const starts = new EventEmitter();
  createInterface(pipe).on("line", (line) => starts.emit(`started ${line.split(" ")[0]}`));
  const lifetime = opened.move();
  return {
    path,
    async next(name, signal) {
      await once(starts, `started ${name}`, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) });
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
