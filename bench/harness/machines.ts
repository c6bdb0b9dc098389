/** Virtual machines of the driver `microvm`, as the agent has it, of one size and with their golden image made. */
import { existsSync, globSync, statSync } from "node:fs";
import { join } from "node:path";
import { findAccelerator } from "../../src/sandboxes/microvm/accelerator.ts";
import { openMicrovmDriver } from "../../src/sandboxes/microvm/driver.ts";
import { findPrograms } from "../../src/sandboxes/microvm/programs.ts";
import type { LocalSandbox, LocalSandboxDriver } from "../../src/sandboxes/sandbox.ts";
import type { Bench } from "./figure.ts";
import { openTemporaryDirectory } from "./temporary.ts";

export interface Machines extends AsyncDisposable {
  readonly driver: LocalSandboxDriver;
  /** "runyard", and what runs its machines. */
  readonly name: string;
  /** Of the driver. */
  readonly directory: string;
  /** A new one, of the golden image or of that template. */
  create(template?: string): Promise<LocalSandbox>;
  /** Runs `true` in it to its end. @throws {Error} unless it ended with 0 */
  execTrue(sandbox: LocalSandbox): Promise<void>;
  /** Of one whose machine is off: from its disk to its first command. @returns milliseconds */
  boot(sandbox: LocalSandbox): Promise<number>;
  /** The memory image that was written last. */
  newestMemory(): { readonly path: string; readonly bytes: number };
}

/** 160 MiB of its own: the smallest machine, of 256. */
export const machineLimits = { memoryBytes: 160 * 1024 * 1024, cpus: 1 } as const;

export async function openMachines(bench: Bench): Promise<Machines> {
  const { programs, availability } = findPrograms();
  if (!programs) throw new Error(`no virtual machines here: ${availability.usable ? "" : availability.reason}`);
  const accelerator = await findAccelerator(programs.qemu);
  await using opened = new AsyncDisposableStack();
  const { path: directory } = opened.use(await openTemporaryDirectory(bench, "machines"));
  const driver = opened.use(await openMicrovmDriver({ directory }));
  opened.defer(async () => {
    for (const sandbox of await driver.sandboxes()) await sandbox.destroy();
  });
  await driver.templates?.prepare?.("minimal", machineLimits);
  let count = 0;
  const lifetime = opened.move();
  const machines: Machines = {
    driver,
    name: `runyard (QEMU, ${accelerator === "kvm" ? "KVM" : "emulated"})`,
    directory,
    create(template) {
      bench.signal.throwIfAborted();
      return driver.create({ id: `machine-${count++}`, limits: machineLimits, template });
    },
    async execTrue(sandbox) {
      const id = `true-${count++}`;
      const process = await sandbox.exec({ id, argv: ["true"] });
      const { code } = await process.exited;
      await sandbox.forget(id);
      if (code !== 0) throw new Error(`true ended with ${code}`);
    },
    async boot(sandbox) {
      await sandbox.stop?.({ graceMs: 0 });
      const started = performance.now();
      await sandbox.pausing?.resume();
      await machines.execTrue(sandbox);
      return performance.now() - started;
    },
    newestMemory() {
      const images = globSync(join(directory, "store/memory_*")).filter((path) => existsSync(path));
      const [path] = images.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
      if (path === undefined) throw new Error("there is no memory image");
      return { path, bytes: statSync(path).size };
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
  return machines;
}
