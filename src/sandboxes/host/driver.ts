/** The driver `host`: sandboxes that share the host's files and users, so that a process in them is a plain process of the host. What a
 *  sandbox adds is that its processes are found, limited and ended together. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { randomText } from "../../platform/ids.ts";
import { openJournal } from "../../platform/journal.ts";
import { openCgroups } from "../../platform/process/cgroups.ts";
import { closeInheritableOnExec } from "../../platform/process/descriptors.ts";
import { createOutputKeeper } from "../output-keeper.ts";
import type { Capabilities, LocalSandbox, LocalSandboxDriver, SandboxHandle } from "../sandbox.ts";
import { assertId } from "./ids.ts";
import { createLifeWatch } from "./life-watch.ts";
import { createProbes } from "./probes.ts";
import { createProcesses } from "./processes.ts";
import { asHostEntry, createHostState, type HostEntry } from "./records.ts";
import { createHostSandbox } from "./sandbox.ts";
import { createStragglerSweep } from "./straggler-sweep.ts";
import { createUsageMeter } from "./usage.ts";

export interface HostDriverOptions {
  /** Holds the journal and the outputs; private to the user the agent runs as. */
  readonly directory: string;
  /** Outputs give way below this much free space on that disk. */
  readonly reserveBytes?: number;
  /** Something happened that an operator may want to know. */
  readonly onNotice?: (message: string) => void;
}

export const hostSandboxId = "host";

/** A probe ends every second somewhere: what one leaves behind outside its process group, which is rare, waits a while for its sweep. */
const probeSweepMs = 30_000;

/** Opens the driver and takes back what an earlier one has left running. Closing it lets go of the processes and leaves them running. */
export async function openHostDriver(options: HostDriverOptions): Promise<LocalSandboxDriver> {
  const { directory } = options;
  closeInheritableOnExec();
  await using opened = new AsyncDisposableStack();
  mkdirSync(join(directory, "output"), { recursive: true, mode: 0o700 });
  const owner = readOwner(join(directory, "owner"));

  const state = createHostState();
  const journal = opened.use(
    openJournal<HostEntry>({
      path: join(directory, "journal.ndjson"),
      replay: (value) => {
        const entry = asHostEntry(value);
        if (entry) state.apply(entry);
      },
      snapshot: () => state.entries(),
    }),
  );
  const keeper = opened.use(
    createOutputKeeper({
      directory,
      reserveBytes: options.reserveBytes,
      onFreed: (bytes) =>
        options.onNotice?.(`The disk of ${directory} is full: gave ${bytes} bytes of old output back.`),
    }),
  );
  const cgroups = openCgroups();
  const processes = createProcesses({
    directory,
    owner,
    state,
    journal,
    keeper,
    cgroups,
    lives: opened.use(createLifeWatch()),
    usage: createUsageMeter(),
    onEnded: () => sweep.request(),
  });
  const probes = opened.use(
    createProbes({ directory, owner, onEnded: () => sweep.request({ withinMs: probeSweepMs }) }),
  );
  const sweep = opened.use(
    createStragglerSweep({
      owner,
      isStraggler: (marked) => !processes.isRunning(marked) && !probes.isRunning(marked),
      isOwnChild: (pid) => processes.isLeader(pid) || probes.isLeader(pid),
    }),
  );
  processes.recover();
  deleteStrayOutputs(join(directory, "output"), state.processes);
  sweep.request();

  const sandboxes = new Map<string, LocalSandbox>();
  const can: Capabilities = {
    osUsers: process.getuid?.() === 0,
    limits: cgroups.usable,
    terminal: true,
    ownFiles: false,
    pause: "none",
  };
  const add = (id: string): LocalSandbox => {
    const sandbox = createHostSandbox({
      id,
      processes,
      probes,
      isPermanent: id === hostSandboxId,
      onDestroy: async () => {
        await sweep.run();
        const entry: HostEntry = { type: "destroyed", sandbox: id };
        state.apply(entry);
        journal.note(entry);
        sandboxes.delete(id);
      },
    });
    sandboxes.set(id, sandbox);
    return sandbox;
  };
  for (const id of new Set([hostSandboxId, ...state.sandboxes])) add(id);

  const closing = opened.move();
  closing.defer(() => processes.release());
  return {
    name: "host",
    can,
    available: async () => ({ usable: true }),
    async create({ id, limits }) {
      assertId(id, "sandbox");
      if (limits) {
        const message = "The driver host limits processes, not sandboxes: give the limits to each process.";
        throw new YardError("precondition", message, { field: "limits" });
      }
      const existing = sandboxes.get(id);
      if (existing) return existing;
      const entry: HostEntry = { type: "sandbox", sandbox: id };
      journal.intend(entry);
      state.apply(entry);
      return add(id);
    },
    async reattach(handle: SandboxHandle) {
      const sandbox = handle.driver === "host" ? sandboxes.get(handle.id) : undefined;
      if (!sandbox) throw new YardError("not_found", `Nothing is left of sandbox ${handle.id}.`);
      return sandbox;
    },
    sandboxes: async () => [...sandboxes.values()],
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** A name for this directory's processes that no other agent on the machine uses. */
function readOwner(path: string): string {
  try {
    writeFileSync(path, randomText(16), { flag: "wx", mode: 0o600, flush: true });
  } catch {
    // There since an earlier start.
  }
  const owner = readFileSync(path, "utf8");
  if (!/^[a-z0-9]{16}$/.test(owner)) throw new YardError("internal", `${path} is damaged. Delete it if nothing runs.`);
  return owner;
}

/** Outputs whose process is not known any more: the agent died between the record and the deletion. */
function deleteStrayOutputs(directory: string, known: ReadonlyMap<string, unknown>): void {
  for (const name of readdirSync(directory)) {
    if (!known.has(name.replace(/\.log$/, ""))) rmSync(join(directory, name), { force: true });
  }
}
