/** The sandboxes of the driver: made, taken back from an earlier agent, and forgotten. */

import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { deleteLogs } from "../processes/logs.ts";
import type { Records } from "../processes/open-records.ts";
import type { Limits, LocalSandbox, NetworkMode, SandboxSpec } from "../sandbox.ts";
import { createAttendants } from "./attendant.ts";
import {
  type ContainerParts,
  checkLimits,
  containerName,
  containerOptions,
  type FurtherOptions,
} from "./containers.ts";
import { type StartExec, startExec } from "./engine-exec.ts";
import type { EngineImage } from "./images.ts";
import type { OutboundNetwork } from "./network.ts";
import { createProbe } from "./probe.ts";
import { startInShell } from "./process-start.ts";
import { createContainerProcesses, type Surroundings } from "./processes.ts";
import { asData, asRecord, type ContainerRecord } from "./records.ts";
import { type ContainerSandbox, createContainerSandbox } from "./sandbox.ts";
import { type ContainerTemplates, minimalTemplate } from "./templates.ts";
import { createUsageMeter } from "./usage.ts";

export interface ContainerSandboxes {
  /** One after the other, however often it is asked for. @throws {YardError} invalid, precondition, unavailable */
  create(spec: SandboxSpec): Promise<LocalSandbox>;
  /** Of an image that the engine has, on one of the engine's own networks. @throws {YardError} invalid, precondition, unavailable */
  createOf(image: Pick<EngineImage, "reference" | "env">, spec: OwnContainer): Promise<LocalSandbox>;
  /** @throws {YardError} not_found */
  reattach(id: string): Promise<LocalSandbox>;
  /** As the engine calls its container. */
  nameOf(id: string): string;
  all(): readonly LocalSandbox[];
  /** Takes back what the journal knows of. */
  recover(): void;
  /** Lets go of all of them: nothing is recorded any more. */
  release(): void;
}

export interface OwnContainer extends FurtherOptions {
  /** Of the sandbox. */
  readonly id: string;
  readonly limits?: Limits;
  /** The engine's usual one if absent. */
  readonly network?: string;
}

export interface SandboxesParts {
  readonly directory: string;
  readonly records: Records;
  readonly engine: Engine;
  readonly templates: ContainerTemplates;
  readonly network: OutboundNetwork;
  readonly networks: readonly NetworkMode[];
  /** Name of the volume of our own programs. */
  readonly tools: (() => Promise<string>) & { forget(): void };
}

interface Held {
  readonly sandbox: ContainerSandbox;
  readonly surroundings: Surroundings;
}

export function createContainerSandboxes(parts: SandboxesParts): ContainerSandboxes {
  const { directory, records, engine, templates, network, networks, tools } = parts;
  const { owner, state } = records;
  const held = new Map<string, Held>();
  const making = new Map<string, Promise<LocalSandbox>>();
  const surroundingsOf = (id: string) => held.get(id)?.surroundings ?? notFound(id);
  const processes = createContainerProcesses({ records, directory, surroundingsOf });

  function forget(id: string): void {
    for (const one of state.processes.values()) if (one.sandbox === id) deleteLogs(directory, one);
    records.note({ type: "destroyed", sandbox: id });
    held.delete(id);
  }

  /** The container is gone. */
  async function clearAfter(id: string, mode: NetworkMode): Promise<void> {
    for (const process of processes.of(id)) await processes.forget({ sandbox: id, process: process.id });
    forget(id);
    const others = [...state.sandboxes.values()].some((data) => asRecord(data)?.network === "outbound");
    if (mode === "outbound" && !others) await network.remove();
    await templates.sweep().catch(() => {}); // the next one does it
  }

  function add(id: string, { env, network: mode }: ContainerRecord, { isNew }: { isNew: boolean }): ContainerSandbox {
    const container = containerName(owner, id);
    const start: StartExec = (request) => startExec(engine, container, request);
    const attendants = createAttendants(start);
    const usage = createUsageMeter(attendants);
    const isGone = async () => ["stopped", "gone"].includes(await sandbox.look());
    const probe = createProbe(
      (spec) => processes.exec(id, spec),
      (process) => processes.forget({ sandbox: id, process }),
    );
    const sandbox: ContainerSandbox = createContainerSandbox(
      {
        id,
        container,
        engine,
        attendants,
        processes,
        templates,
        probe,
        prepareStart: async () => void (mode === "outbound" && (await network.ensure())),
        onDestroyed: () => clearAfter(id, mode),
      },
      { isNew },
    );
    held.set(id, { sandbox, surroundings: { startProcess: startInShell(start), env, attendants, usage, isGone } });
    return sandbox;
  }

  async function make(spec: SandboxSpec): Promise<LocalSandbox> {
    const { limits = {}, template = minimalTemplate, network: mode } = spec;
    checkLimits(limits, mode, networks);
    const image = await templates.imageOf(template);
    const networkName = async () => (mode === "outbound" ? network.ensure() : undefined);
    return start(spec, { env: image.env, network: mode ?? "none" }, async () => {
      return { image: image.reference, network: await networkName(), limits };
    });
  }

  async function makeOf(
    { reference, env }: Pick<EngineImage, "reference" | "env">,
    { id, limits = {}, network: networkName = "default", ...further }: OwnContainer,
  ): Promise<LocalSandbox> {
    checkLimits(limits, undefined, networks);
    return start({ id }, { env, network: "none" }, async () => {
      return { image: reference, network: networkName, limits, further };
    });
  }

  async function start(
    { id }: Pick<SandboxSpec, "id">,
    kept: ContainerRecord,
    describe: () => Promise<Omit<ContainerParts, "owner" | "id" | "tools">>,
  ): Promise<LocalSandbox> {
    const volume = await tools();
    records.intend({ type: "sandbox", sandbox: id, data: asData(kept) });
    try {
      const wanted = containerOptions({ owner, id, tools: volume, ...(await describe()) });
      await engine.call(
        "make the sandbox",
        async (docker, abortSignal) => {
          const container = await docker.createContainer({ ...wanted, abortSignal });
          await container.start({ abortSignal });
        },
        { timeoutMs: 60_000 },
      );
      return add(id, kept, { isNew: true });
    } catch (error) {
      tools.forget(); // the volume may be gone
      const failed = add(id, kept, { isNew: false });
      await failed.destroy().catch(() => {}); // where the engine is away, the record leads whoever tries again to it
      throw isYardError(error, "invalid") ? new YardError("unavailable", error.message, { cause: error }) : error;
    }
  }

  /** One after the other, and the same one however often. */
  function ensure(id: string, begin: () => Promise<LocalSandbox>): Promise<LocalSandbox> {
    const already = making.get(id);
    if (already) return already;
    const existing = held.get(id)?.sandbox;
    if (existing && existing.status() !== "gone") return Promise.resolve(existing);
    const made = begin().finally(() => making.delete(id));
    making.set(id, made);
    return made;
  }

  return {
    create: (spec) => ensure(spec.id, () => make(spec)),
    createOf: (image, spec) => ensure(spec.id, () => makeOf(image, spec)),
    async reattach(id) {
      const { sandbox } = held.get(id) ?? notFound(id);
      // An engine that does not answer is told of by what is wanted of the sandbox next.
      if (!sandbox.isKnown() || sandbox.status() === "stopped") await sandbox.look().catch(() => {});
      if (sandbox.status() !== "gone") return sandbox;
      forget(id);
      return notFound(id);
    },
    nameOf: (id) => containerName(owner, id),
    all: () => [...held.values()].map(({ sandbox }) => sandbox),
    recover() {
      for (const [id, data] of [...state.sandboxes]) {
        const kept = asRecord(data);
        if (kept) add(id, kept, { isNew: false });
      }
      processes.recover();
    },
    release() {
      processes.release();
      for (const { surroundings } of held.values()) surroundings.attendants[Symbol.dispose]();
    },
  };
}

/** @throws {YardError} not_found */
export function notFound(id: string): never {
  throw new YardError("not_found", `Nothing is left of sandbox ${id}.`);
}
