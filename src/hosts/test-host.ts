/** For tests: a real agent as a process of its own, in a directory of its own; gone with all it runs at the end of the block. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { type LocalHost, type LocalHostParts, openLocalHost } from "./local-host.ts";
import { silentLog } from "./testing.ts";

export interface TestHost extends LocalHost {
  /** To open the same host again. */
  readonly parts: LocalHostParts;
}

const program = fileURLToPath(new URL("../../bin/runyard.js", import.meta.url));

export async function openTestHost(changes: Partial<LocalHostParts> = {}): Promise<TestHost> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(temporaryDirectory());
  const parts: LocalHostParts = {
    id: "host_test",
    name: "test",
    directory: path,
    socketPath: join(path, "agent.sock"),
    // A test that is killed leaves nobody who stops the agent: it ends itself.
    command: [process.execPath, program, "agent", "--directory", path, "--orphan-after", "20s"],
    environment: process.env,
    log: silentLog,
    ...changes,
  };
  const host = opened.use(await openLocalHost(parts));
  const lifetime = opened.move();
  let isStopped = false;
  const stop: LocalHost["stop"] = async (options) => {
    isStopped = true;
    await host.stop(options);
  };
  return {
    ...host,
    get connected() {
      return host.connected;
    },
    get known() {
      return host.known;
    },
    parts,
    stop,
    async [Symbol.asyncDispose]() {
      try {
        if (!isStopped) await host.stop({ graceMs: 0 });
      } finally {
        await lifetime.disposeAsync();
      }
    },
  };
}
