/** The sandboxes of the driver: made, taken back from an earlier agent, and forgotten. */
import { isYardError } from "../../platform/errors.ts";
import { after } from "../../platform/timers.ts";
import { deleteLogs } from "../processes/logs.ts";
import type { Records } from "../processes/open-records.ts";
import type { LocalSandbox, SandboxSpec } from "../sandbox.ts";
import { createHome, groupLimits, type Home, hostnameOf, settleCapture, shapeOf } from "./home.ts";
import type { Inside } from "./inside.ts";
import { asData, asRecord, type NamespaceRecord } from "./records.ts";
import type { Removals } from "./removals.ts";
import type { Residence } from "./residence.ts";
import { createNamespaceSandbox } from "./sandbox.ts";
import { minimalTemplate } from "./templates.ts";
import type { Workshop } from "./workshop.ts";

export interface HeldSandbox {
  readonly home: Home;
  readonly sandbox: LocalSandbox;
}

export interface NamespaceSandboxes extends AsyncDisposable {
  /** Once, however often it is asked for. @throws {YardError} invalid, precondition, unavailable, storage_full; then nothing is left */
  create(spec: SandboxSpec): Promise<LocalSandbox>;
  /** Takes back what the journal knows of; what is left of others is removed. */
  recover(): Promise<void>;
  /** Why the kernel has refused the last creation, if it has. */
  lastFailure(): string | undefined;
}

export interface SandboxesParts {
  readonly directory: string;
  readonly records: Records;
  readonly workshop: Workshop;
  readonly inside: Inside;
  readonly removals: Removals;
  /** By their ids, kept here. */
  readonly held: Map<string, HeldSandbox>;
}

/** Until what sandboxes share is unmounted, after the last of them. */
const lowersAfterMs = 1_000;

export function createNamespaceSandboxes(parts: SandboxesParts): NamespaceSandboxes {
  const { directory, records, held, removals } = parts;
  const { store, templates, residences, warm, lowers, network, users } = parts.workshop;
  const { processes, probes } = parts.inside;
  const { state } = records;
  const making = new Map<string, Promise<LocalSandbox>>();
  let lowersTimer: Disposable | undefined;
  let lastFailure: string | undefined;

  function record(id: string, changes: NamespaceRecord, write: "intend" | "note"): void {
    records[write]({ type: "sandbox", sandbox: id, data: asData(changes) });
  }

  function add(id: string, residence: Residence | undefined, kept: NamespaceRecord): LocalSandbox {
    const write = (changed: NamespaceRecord, how: "intend" | "note") => record(id, changed, how);
    const home = createHome({ id, record: kept, residence, residences, store, write });
    const sandbox = createNamespaceSandbox({
      id,
      home,
      processes,
      probe: (spec, options) => probes.run(id, spec, options),
      addTemplate: templates.add,
      async onDestroy() {
        await home.end();
        forget(id);
        await removals.add(async () => {
          await home.remove();
          await store.collect();
        });
      },
    });
    held.set(id, { home, sandbox });
    return sandbox;
  }

  function forget(id: string): void {
    for (const one of state.processes.values()) {
      if (one.sandbox === id) deleteLogs(directory, one);
    }
    records.note({ type: "destroyed", sandbox: id });
    held.delete(id);
    if (held.size === 0) clearLowersSoon();
  }

  /** Not at once: the next sandbox may be on its way. */
  function clearLowersSoon(): void {
    lowersTimer?.[Symbol.dispose]();
    lowersTimer = after(lowersAfterMs, () => {
      if (held.size === 0) lowers.clear();
    });
  }

  async function make(spec: SandboxSpec): Promise<LocalSandbox> {
    const { id, limits = {}, network, template = minimalTemplate } = spec;
    const { rootId } = await users();
    const ground = templates.groundOf(template);
    const intended: NamespaceRecord = { ground, limits, network, rootId, isPaused: false };
    record(id, intended, "intend");
    try {
      const shape = await shapeOf(intended, store);
      const residence = await warm.take(shape);
      await using unsettled = new AsyncDisposableStack();
      unsettled.defer(() => residence.remove());
      residence.settle({ hostname: hostnameOf(id), limits: groupLimits(limits) });
      const { name, slot, started } = residence;
      const kept = { ...intended, name, slot, started, isMade: true };
      record(id, kept, "note");
      unsettled.move();
      lastFailure = undefined;
      return add(id, residence, kept);
    } catch (error) {
      forget(id);
      if (isYardError(error, "unavailable")) lastFailure = error.message;
      throw error;
    }
  }

  return {
    create(spec) {
      const existing = held.get(spec.id)?.sandbox;
      if (existing) return Promise.resolve(existing);
      const made = making.get(spec.id) ?? make(spec).finally(() => making.delete(spec.id));
      making.set(spec.id, made);
      return made;
    },
    async recover() {
      for (const [id, data] of [...state.sandboxes]) {
        const kept = asRecord(data);
        const settled = kept && settleCapture(kept, store);
        if (settled && settled !== kept) record(id, settled, "intend");
        const residence = settled && residences.find(settled);
        if (settled && (residence || settled.isMade)) add(id, residence, settled);
        else forget(id);
      }
      const homes = [...held.values()].map(
        ({ home }) => [home.record.name ?? "", { isAlive: home.residence() !== undefined }] as const,
      );
      await residences.clear(new Map(homes));
      await store.collect();
      await network.recover();
      processes.recover();
    },
    lastFailure: () => lastFailure,
    async [Symbol.asyncDispose]() {
      lowersTimer?.[Symbol.dispose]();
      await Promise.all([...held.values()].map(({ home }) => home.release()));
    },
  };
}
