/** One sandbox of the driver `namespace`, from its creation, or its adoption, to its end. */
import { YardError } from "../../platform/errors.ts";
import type { CgroupTree } from "../../platform/process/cgroup-tree.ts";
import type { Processes } from "../processes/processes.ts";
import type { LocalSandbox, Pausing, ProcessSpec, SandboxFiles } from "../sandbox.ts";
import type { Realm } from "./realm.ts";
import type { RootFileSystem } from "./root-file-system.ts";

export interface NamespaceSandboxParts {
  readonly id: string;
  readonly realm: Realm;
  readonly groups: CgroupTree;
  readonly system: RootFileSystem;
  readonly files: SandboxFiles;
  readonly processes: Processes;
  readonly probe: LocalSandbox["probe"];
  /** Of this sandbox; recorded, as it outlives the agent. */
  readonly isPaused: boolean;
  readonly onPaused: (isPaused: boolean) => void;
  /** All its processes are gone: remove what is left of it. */
  readonly onDestroy: () => Promise<void>;
}

export function createNamespaceSandbox(parts: NamespaceSandboxParts): LocalSandbox {
  const { id, groups, processes } = parts;
  let isPaused = parts.isPaused;
  let ending: Promise<void> | undefined;

  function requireRunning(): void {
    if (ending) throw new YardError("not_found", `Sandbox ${id} was destroyed.`);
    if (!parts.realm.isAlive()) {
      throw new YardError("unavailable", `Sandbox ${id} has ended: its first process was killed. Destroy it.`);
    }
    if (isPaused) throw new YardError("precondition", `Sandbox ${id} is paused: resume it first.`);
  }

  const pausing: Pausing = {
    async pause() {
      if (isPaused) return;
      requireRunning();
      await groups.freeze();
      isPaused = true;
      parts.onPaused(true);
    },
    async resume() {
      if (!isPaused) return;
      groups.thaw();
      isPaused = false;
      parts.onPaused(false);
    },
  };

  async function end(graceMs: number): Promise<void> {
    if (isPaused) groups.thaw(); // what is frozen neither hears a signal nor dies
    const all = processes.of(id);
    await Promise.all(all.map((process) => process.stop({ graceMs })));
    await Promise.all(all.map((process) => processes.forget({ sandbox: id, process: process.id })));
    await parts.onDestroy();
  }

  return {
    handle: { driver: "namespace", version: 1, id },
    files: parts.files,
    pausing,
    async exec(spec: ProcessSpec) {
      requireRunning();
      return processes.exec(id, spec);
    },
    async probe(spec, options) {
      requireRunning();
      return parts.probe(spec, options);
    },
    processes: async () => processes.of(id),
    async forget(process) {
      const isRunning = processes.of(id).some((one) => one.id === process && one.exit === undefined);
      if (isPaused && isRunning) requireRunning(); // it could not die
      await processes.forget({ sandbox: id, process });
    },
    async usage() {
      return { ...groups.usage(), diskBytes: await parts.system.diskBytes() };
    },
    destroy({ graceMs = 0 } = {}) {
      ending ??= end(graceMs).catch((error) => {
        ending = undefined; // what is left may be removed at the next try
        throw error;
      });
      return ending;
    },
  };
}
