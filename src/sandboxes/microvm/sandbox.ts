/** One sandbox of the driver `microvm`, from its creation, or its adoption, to its end. */
import { isYardError, YardError } from "../../platform/errors.ts";
import type { Attendants } from "../container/attendant.ts";
import type { FileTransfers } from "../container/file-transfers.ts";
import { createContainerFiles } from "../container/files.ts";
import type { ContainerProcesses } from "../container/processes.ts";
import { createGate, type Gate } from "../namespace/gate.ts";
import type { Departure, LocalSandbox, Pausing, SandboxFiles, SandboxUsage } from "../sandbox.ts";
import type { Home } from "./home.ts";
import type { Templates } from "./templates.ts";

export interface MicrovmSandboxParts {
  readonly id: string;
  readonly home: Home;
  readonly attendants: Attendants;
  readonly transfers: FileTransfers & Disposable;
  readonly processes: ContainerProcesses;
  readonly templates: Templates;
  readonly departure: Departure;
  readonly probe: LocalSandbox["probe"];
  /** Nothing of it is left: forget it. */
  readonly onDestroyed: () => Promise<void>;
}

export function createMicrovmSandbox(parts: MicrovmSandboxParts): LocalSandbox {
  const { id, home, attendants, transfers, processes } = parts;
  const gate = createGate();
  let ending: Promise<void> | undefined;

  function requireThere(): void {
    if (ending) throw new YardError("not_found", `Sandbox ${id} was destroyed.`);
  }

  function requireRunning(): void {
    requireThere();
    const state = home.state();
    if (state === "running") return;
    throw new YardError("precondition", `Sandbox ${id} is ${state}: resume it first.`);
  }

  const inside = <T>(act: () => Promise<T>): Promise<T> =>
    gate.use(async () => {
      requireRunning();
      return act();
    });

  /** What ran there ran in its memory. */
  async function lose(): Promise<void> {
    attendants[Symbol.dispose]();
    transfers[Symbol.dispose]();
    await processes.endAll(id);
  }

  const pausing: Pausing = {
    pause: () =>
      gate.change(async () => {
        requireThere();
        if (home.state() === "paused") return;
        requireRunning();
        await home.pause();
      }),
    resume: () =>
      gate.change(async () => {
        requireThere();
        const state = home.state();
        if (state === "paused") return home.resume();
        if (state === "running") return;
        await lose();
        await home.start();
      }),
  };

  async function end(graceMs: number): Promise<void> {
    if (graceMs > 0 && home.state() === "running") {
      await Promise.allSettled(processes.of(id).map((process) => process.stop({ graceMs })));
    }
    attendants[Symbol.dispose]();
    transfers[Symbol.dispose]();
    await home.remove();
    await processes.endAll(id);
    await parts.onDestroyed();
  }

  return {
    handle: { driver: "microvm", version: 1, id },
    status: () => (ending ? "gone" : home.state()),
    whyStopped: home.whyStopped,
    files: filesThrough(gate, createContainerFiles(attendants, transfers), requireRunning),
    pausing,
    exec: (spec) => inside(() => processes.exec(id, spec)),
    probe: (spec, options) => inside(() => parts.probe(spec, options)),
    processes: async () => processes.of(id),
    async forget(process) {
      const isRunning = processes.of(id).some((one) => one.id === process && one.exit === undefined);
      if (isRunning && home.state() === "paused") requireRunning(); // it could not die
      await processes.forget({ sandbox: id, process });
    },
    usage: () => usageOf(home),
    dial(port) {
      if (!Number.isInteger(port) || port < 1 || port > 65_535) {
        throw new YardError("invalid", `${port} is no port.`, { field: "port" });
      }
      return inside(async () => (await home.connection()).dial(port));
    },
    capture: (name) =>
      gate.change(async () => {
        requireThere();
        return parts.templates.add(name, () => home.capture());
      }),
    departure: {
      image: () =>
        gate.change(async () => {
          requireThere();
          return parts.departure.image();
        }),
      async part(name) {
        requireThere();
        return parts.departure.part(name);
      },
    },
    stop: ({ graceMs }) =>
      gate.change(async () => {
        requireThere();
        if (home.state() === "running") {
          await Promise.allSettled(processes.of(id).map((process) => process.stop({ graceMs })));
          await (await home.connection()).ask("sync").catch(() => {}); // its disk is what will be left of it
        }
        await home.stop();
        if (home.state() === "stopped") await lose();
      }),
    destroy({ graceMs = 0 } = {}) {
      ending ??= gate
        .change(() => end(graceMs))
        .catch((error) => {
          ending = undefined; // what is left may be removed at the next try
          throw error;
        });
      return ending;
    },
  };
}

async function usageOf(home: Home): Promise<SandboxUsage> {
  const isRunning = home.state() === "running";
  const figures = await home.figures().catch((error) => {
    if (isYardError(error)) return undefined; // it does not answer: the emulator's own figure is left
    throw error;
  });
  const { memoryBytes = 0, processes = 0, usedBytes = 0 } = figures ?? {};
  return {
    cpuUs: home.cpuUs(),
    memoryBytes: isRunning ? memoryBytes : 0,
    processes: isRunning ? processes : 0,
    diskBytes: Math.max(0, usedBytes - (home.record.usedBefore ?? 0)),
  };
}

function filesThrough(gate: Gate, files: SandboxFiles, requireRunning: () => void): SandboxFiles {
  const through = <Args extends unknown[], T>(act: (...args: Args) => Promise<T>) => {
    return (...args: Args) =>
      gate.use(async () => {
        requireRunning();
        return act(...args);
      });
  };
  return {
    stat: through(files.stat),
    list: through(files.list),
    read: through(files.read),
    write: through(files.write),
    makeDirectory: through(files.makeDirectory),
    move: through(files.move),
    remove: through(files.remove),
  };
}
