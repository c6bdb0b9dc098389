/** One sandbox of the driver `container`, from its creation, or its adoption, to its end.
 *
 *  running ⇄ paused; both ──the container ends (it is stopped, or its engine or machine was restarted)──▶ stopped ──resume──▶ running, with its files and nothing else */

import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { LocalSandbox, Pausing, SandboxStatus } from "../sandbox.ts";
import type { Attendants } from "./attendant.ts";
import { dialInside } from "./dial.ts";
import { createContainerFiles } from "./files.ts";
import type { ContainerProcesses } from "./processes.ts";
import type { ContainerTemplates } from "./templates.ts";
import { measureContainer } from "./usage.ts";

export interface SandboxParts {
  readonly id: string;
  readonly container: string;
  readonly engine: Engine;
  readonly attendants: Attendants;
  readonly processes: ContainerProcesses;
  readonly templates: ContainerTemplates;
  readonly probe: LocalSandbox["probe"];
  /** Before anything in it runs again: the rules of its network. */
  readonly prepareStart: () => Promise<void>;
  /** The container is gone: forget the rest. */
  readonly onDestroyed: () => Promise<void>;
}

export interface ContainerSandbox extends LocalSandbox {
  /** Asks the engine. @throws {YardError} unavailable */
  look(): Promise<SandboxStatus>;
  /** Whether the engine was asked by this agent. */
  isKnown(): boolean;
}

/** @param isNew it was just started; else the engine is asked before it is used */
export function createContainerSandbox(parts: SandboxParts, { isNew }: { isNew: boolean }): ContainerSandbox {
  const { id, container, engine, attendants, processes } = parts;
  let status: SandboxStatus = "running";
  let isKnown = isNew;
  let ending: Promise<void> | undefined;

  async function look(): Promise<SandboxStatus> {
    if (ending) return "gone";
    try {
      const { State: state } = await engine.call("look at the sandbox", (docker, abortSignal) =>
        docker.getContainer(container).inspect({ abortSignal }),
      );
      status = state.Paused ? "paused" : state.Running ? "running" : "stopped";
    } catch (error) {
      if (!isYardError(error, "not_found")) throw error;
      status = "gone";
    }
    isKnown = true;
    if (status === "stopped" || status === "gone") {
      attendants[Symbol.dispose]();
      await processes.endAll(id);
    }
    return status;
  }

  async function requireRunning(): Promise<void> {
    if (!isKnown) await look();
    if (ending || status === "gone") throw new YardError("not_found", `Nothing is left of sandbox ${id}.`);
    if (status === "paused") throw new YardError("precondition", `Sandbox ${id} is paused: resume it first.`);
    if (status === "stopped") {
      throw new YardError("precondition", `Sandbox ${id} has stopped, its files are kept: resume it first.`);
    }
  }

  /** What fails may fail because the container is not what it was. */
  async function inside<T>(act: () => Promise<T>): Promise<T> {
    await requireRunning();
    try {
      return await act();
    } catch (error) {
      const mayHaveEnded =
        isYardError(error, "conflict") || isYardError(error, "not_found") || isYardError(error, "unavailable");
      if (mayHaveEnded && (await look().catch(() => "running")) !== "running") await requireRunning();
      throw error;
    }
  }

  const pausing: Pausing = {
    async pause() {
      if (status === "paused") return;
      attendants[Symbol.dispose](); // one that is frozen would be waited for
      await inside(() =>
        engine.call("pause the sandbox", (docker, abortSignal) =>
          docker.getContainer(container).pause({ abortSignal }),
        ),
      );
      status = "paused";
    },
    async resume() {
      if (ending) throw new YardError("not_found", `Sandbox ${id} was destroyed.`);
      const now = await look();
      if (now === "running") return;
      if (now === "gone") return requireRunning();
      await parts.prepareStart();
      await engine.call("resume the sandbox", (docker, abortSignal) => {
        const one = docker.getContainer(container);
        return now === "paused" ? one.unpause({ abortSignal }) : one.start({ abortSignal });
      });
      status = "running";
    },
  };

  async function end(graceMs: number): Promise<void> {
    if (graceMs > 0 && status === "running") {
      await Promise.allSettled(processes.of(id).map((process) => process.stop({ graceMs })));
    }
    attendants[Symbol.dispose]();
    await engine
      .call(
        "remove the sandbox",
        async (docker, abortSignal) => {
          const one = docker.getContainer(container);
          await one.unpause({ abortSignal }).catch(() => {}); // what is frozen does not die
          await one.remove({ force: true, v: true, abortSignal });
        },
        { timeoutMs: 60_000 },
      )
      .catch((error) => {
        if (!isYardError(error, "not_found")) throw error;
      });
    await processes.endAll(id);
    await parts.onDestroyed();
  }

  return {
    handle: { driver: "container", version: 1, id },
    look,
    isKnown: () => isKnown,
    status: () => (ending ? "gone" : status),
    files: filesOf(createContainerFiles(attendants), inside),
    pausing,
    exec: (spec) => inside(() => processes.exec(id, spec)),
    probe: (spec, options) => inside(() => parts.probe(spec, options)),
    processes: async () => processes.of(id),
    forget: (process) => processes.forget({ sandbox: id, process }),
    async usage() {
      if (!isKnown) await look();
      return measureContainer({ engine, container, attendants: status === "running" ? attendants : undefined });
    },
    async capture(name) {
      if (ending) throw new YardError("not_found", `Sandbox ${id} was destroyed.`);
      return parts.templates.capture(container, name);
    },
    dial: (port) => inside(() => dialInside({ engine, container, attendants }, port)),
    async stop({ graceMs }) {
      if (status === "running") await Promise.allSettled(processes.of(id).map((process) => process.stop({ graceMs })));
      attendants[Symbol.dispose]();
      await engine.call("stop the sandbox", async (docker, abortSignal) => {
        const one = docker.getContainer(container);
        await one.unpause({ abortSignal }).catch(() => {}); // what is frozen does not die
        await one.kill({ abortSignal });
      });
      await look();
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

type Files = NonNullable<LocalSandbox["files"]>;

function filesOf(files: Files, inside: <T>(act: () => Promise<T>) => Promise<T>): Files {
  return {
    stat: (path) => inside(() => files.stat(path)),
    list: (path, options) => inside(() => files.list(path, options)),
    read: (path) => inside(() => files.read(path)),
    write: (path, content, options) => inside(() => files.write(path, content, options)),
    makeDirectory: (path) => inside(() => files.makeDirectory(path)),
    move: (from, to) => inside(() => files.move(from, to)),
    remove: (path) => inside(() => files.remove(path)),
  };
}
