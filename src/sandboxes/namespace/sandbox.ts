/** One sandbox of the driver `namespace`, from its creation, or its adoption, to its end. */
import { YardError } from "../../platform/errors.ts";
import type { Processes } from "../processes/processes.ts";
import type { HeldFile, LocalFiles, LocalSandbox, Pausing, SandboxFiles, SandboxUsage, Template } from "../sandbox.ts";
import { createGate, type Gate } from "./gate.ts";
import type { Home } from "./home.ts";
import { createInhabitants } from "./inhabitants.ts";
import type { Ground } from "./layer-store.ts";
import type { Residence } from "./residence.ts";

export interface NamespaceSandboxParts {
  readonly id: string;
  readonly home: Home;
  readonly processes: Processes;
  readonly probe: LocalSandbox["probe"];
  /** Makes a template of what the sandbox comes back with. */
  readonly addTemplate: (name: string, make: () => Promise<Ground>) => Promise<Template>;
  /** All its processes are gone: remove what is left of it. */
  readonly onDestroy: () => Promise<void>;
}

export function createNamespaceSandbox(parts: NamespaceSandboxParts): LocalSandbox {
  const { id, home, processes } = parts;
  const gate = createGate();
  let ending: Promise<void> | undefined;

  function requireThere(): void {
    if (ending) throw new YardError("not_found", `Sandbox ${id} was destroyed.`);
  }

  function requireRunning(): Residence {
    requireThere();
    const residence = home.residence();
    if (!residence) throw new YardError("precondition", `Sandbox ${id} is stopped: resume it first.`);
    if (home.record.isPaused) throw new YardError("precondition", `Sandbox ${id} is paused: resume it first.`);
    return residence;
  }

  const pausing: Pausing = {
    pause: () =>
      gate.change(async () => {
        if (home.record.isPaused && home.residence()) return;
        await requireRunning().groups.freeze();
        home.notePaused(true);
      }),
    resume: () =>
      gate.change(async () => {
        requireThere();
        const residence = home.residence();
        if (!residence) return home.start();
        if (!home.record.isPaused) return;
        residence.groups.thaw();
        home.notePaused(false);
      }),
  };

  async function end(graceMs: number): Promise<void> {
    if (home.record.isPaused) home.residence()?.groups.thaw(); // what is frozen neither hears a signal nor dies
    const all = processes.of(id);
    await Promise.all(all.map((process) => process.stop({ graceMs })));
    await Promise.all(all.map((process) => processes.forget({ sandbox: id, process: process.id })));
    await parts.onDestroy();
  }

  return {
    handle: { driver: "namespace", version: 1, id },
    status() {
      if (ending) return "gone";
      if (!home.moving && !home.residence()) return "stopped";
      return (home.moving ?? home.record).isPaused ? "paused" : "running";
    },
    files: filesThrough(gate, () => {
      requireThere();
      return home.interior().files;
    }),
    pausing,
    exec: (spec) =>
      gate.use(async () => {
        requireRunning();
        return processes.exec(id, spec);
      }),
    probe: (spec, options) =>
      gate.use(async () => {
        requireRunning();
        return parts.probe(spec, options);
      }),
    dial: (port) =>
      gate.use(async () => {
        requireRunning();
        return home.interior().ports.dial(port);
      }),
    capture(name) {
      const { promise: captured, resolve, reject } = Promise.withResolvers<Template>();
      gate
        .change(async (isUsed) => {
          requireThere();
          await parts.addTemplate(name, () => home.capture({ isUsed })).then(resolve, reject);
          await home.moveIn(); // only who comes next waits for that
        })
        .catch(reject);
      return captured;
    },
    inhabitants: createInhabitants(() => requireRunning().groups),
    processes: async () => processes.of(id),
    async forget(process) {
      const isRunning = processes.of(id).some((one) => one.id === process && one.exit === undefined);
      if (home.record.isPaused && isRunning) requireRunning(); // it could not die
      await processes.forget({ sandbox: id, process });
    },
    usage: () => usageOf(home),
    stop: ({ graceMs }) =>
      gate.change(async () => {
        requireThere();
        // What is paused would have to go on to hear that it is to end.
        if (!home.record.isPaused) await Promise.all(processes.of(id).map((process) => process.stop({ graceMs })));
        await home.stop();
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
  const residence = home.residence();
  if (!residence) return { cpuUs: 0, memoryBytes: 0, processes: 0, diskBytes: 0 };
  return { ...residence.groups.usage(), diskBytes: await residence.system.diskBytes() };
}

/** @param files those of the moment */
function filesThrough(gate: Gate, files: () => Required<LocalFiles>): LocalFiles {
  const through = <Args extends unknown[], T>(act: (files: SandboxFiles, ...args: Args) => Promise<T>) => {
    return (...args: Args) => gate.use(async () => act(files(), ...args));
  };
  return {
    stat: through((files, ...args: Parameters<SandboxFiles["stat"]>) => files.stat(...args)),
    list: through((files, ...args: Parameters<SandboxFiles["list"]>) => files.list(...args)),
    read: through((files, ...args: Parameters<SandboxFiles["read"]>) => files.read(...args)),
    write: through((files, ...args: Parameters<SandboxFiles["write"]>) => files.write(...args)),
    makeDirectory: through((files, ...args: Parameters<SandboxFiles["makeDirectory"]>) => files.makeDirectory(...args)),
    move: through((files, ...args: Parameters<SandboxFiles["move"]>) => files.move(...args)),
    remove: through((files, ...args: Parameters<SandboxFiles["remove"]>) => files.remove(...args)),
    hold: (path, options) => holdThrough(gate, () => files().hold(path, options)),
  };
}

/** As long as it is held, it is being used. */
async function holdThrough(gate: Gate, hold: () => Promise<HeldFile>): Promise<HeldFile> {
  const { promise: held, resolve, reject } = Promise.withResolvers<HeldFile>();
  const { promise: letGo, resolve: end } = Promise.withResolvers<void>();
  gate
    .use(async () => {
      using file = await hold();
      resolve({ fd: file.fd, status: file.status, [Symbol.dispose]: end });
      await letGo;
    })
    .catch(reject);
  return held;
}
