/** The driver `namespace` as the agent has it, and whole lives of its sandboxes. */
import { openNamespaceDriver } from "../../src/sandboxes/namespace/driver.ts";
import type { NetworkMode } from "../../src/sandboxes/sandbox.ts";
import type { Bench } from "./figure.ts";
import { openTemporaryDirectory } from "./temporary.ts";

export interface SandboxLives extends AsyncDisposable {
  /** Created with limits, `true` run in it to its end, destroyed. */
  live(): Promise<void>;
}

/** As many as the agent keeps. */
const warm = 4;

export async function openSandboxLives(bench: Bench, { network }: { network: NetworkMode }): Promise<SandboxLives> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "sandboxes"));
  const driver = opened.use(await openNamespaceDriver({ directory: directory.path, warm }));
  const availability = await driver.available();
  if (!availability.usable) throw new Error(`no sandboxes here: ${availability.reason}`);
  let count = 0;
  const lifetime = opened.move();
  return {
    async live() {
      bench.signal.throwIfAborted();
      const limits = { memoryBytes: 512 * 1024 * 1024, cpus: 1, processes: 1_000 };
      const sandbox = await driver.create({ id: `life-${count++}`, limits, network });
      const process = await sandbox.exec({ id: "main", argv: ["true"] });
      const { code } = await process.exited;
      await sandbox.destroy();
      if (code !== 0) throw new Error(`true ended with ${code}`);
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
