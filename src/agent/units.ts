/** All units of the agent: kept on disk, found by id, watched by the control plane. */
import { join } from "node:path";
import { YardError } from "../platform/errors.ts";
import { openJournal } from "../platform/journal.ts";
import type { ContainerPrograms } from "../sandboxes/container/programs.ts";
import type { LocalSandbox, Process, ProcessUsage } from "../sandboxes/sandbox.ts";
import { createAlarms } from "./alarms.ts";
import type { UnitEvent, UnitSpec, UnitStatus } from "./protocol.ts";
import { checkSchedule } from "./schedule.ts";
import { systemTime, type Time } from "./time.ts";
import { createUnit, type Unit } from "./unit.ts";
import { versionAfter } from "./unit-cell.ts";
import { applyUnitEntry, type UnitEntry, type UnitRecord } from "./unit-records.ts";

export interface Units extends Disposable {
  list(): UnitStatus[];
  /** @throws {YardError} not_found */
  get(id: string): UnitStatus;
  /** @throws {YardError} conflict (there is a later revision), precondition (no cron expression), too_many, storage_full */
  put(spec: UnitSpec): Promise<UnitStatus>;
  start(id: string): Promise<UnitStatus>;
  stop(id: string, options: { graceMs: number }): Promise<UnitStatus>;
  remove(id: string): Promise<void>;
  /** Puts a unit that runs once (at once, so it has no schedule and no window), hands it to `deliver` when its run has ended, and removes it. If `signal` is aborted before (nobody waits any
   *  more), the run goes on, and its result is kept for a while. */
  run(
    spec: UnitSpec,
    deliver: (unit: UnitStatus, process: Process | undefined) => Promise<void>,
    options: { signal: AbortSignal },
  ): Promise<void>;
  ended(id: string, options: { run?: string; timeoutMs: number; signal?: AbortSignal }): Promise<UnitStatus>;
  /** The process of a run that is kept; the present one by default. @throws {YardError} not_found */
  process(id: string, run?: string): Promise<Process>;
  usage(ids: readonly string[], options: { tree: boolean }): Promise<Record<string, ProcessUsage>>;
  /** Calls back with every change from now on. */
  watch(listener: (event: UnitEvent) => void): Disposable;
  /** Takes up what an earlier agent has left. */
  recover(): Promise<void>;
  /** Ends everything that runs; enabled units start again with the next agent. */
  shutdown(options: { graceMs: number }): Promise<void>;
}

/** The most units one agent keeps: a runaway client finds an end before the host's memory does. */
const mostUnits = 20_000;

export function openUnits(parts: {
  directory: string;
  sandbox: (id: string) => Promise<LocalSandbox>;
  containers: ContainerPrograms;
  log: (message: string) => void;
  time?: Time;
}): Units {
  const { time = systemTime } = parts;
  const alarms = createAlarms(time);
  const records = new Map<string, UnitRecord>(); // what the journal holds; afterwards the units themselves know
  const units = new Map<string, Unit>();
  const listeners = new Set<(event: UnitEvent) => void>();
  let isClosing = false;

  const journal = openJournal<UnitEntry>({
    path: join(parts.directory, "units.ndjson"),
    replay: (value) => applyUnitEntry(records, value),
    *snapshot() {
      for (const [id, unit] of records) yield { type: "unit", id, unit };
      for (const [id, { record }] of units) yield { type: "unit", id, unit: record };
    },
  });
  for (const [id, record] of records) add(id, record);
  records.clear();

  function emit(event: UnitEvent): void {
    for (const listener of listeners) listener(event);
  }

  function add(id: string, record: UnitRecord): Unit {
    const unit = createUnit({
      record,
      time,
      alarms,
      sandbox: parts.sandbox,
      containers: parts.containers,
      intend: journal.intend,
      note: journal.note,
      changed: () => emit({ type: "unit", unit: unit.status }),
      over: () => {
        if (isClosing) return;
        remove(id).catch((error: unknown) => parts.log(`Unit ${id} could not be removed: ${error}`));
      },
    });
    units.set(id, unit);
    return unit;
  }

  function find(id: string): Unit {
    const unit = units.get(id);
    if (!unit) throw new YardError("not_found", `There is no unit ${id}.`);
    return unit;
  }

  async function put(spec: UnitSpec, once: boolean): Promise<Unit> {
    if (isClosing) throw new YardError("unavailable", "The agent is shutting down.", { retryAfterMs: 1_000 });
    checkSchedule(spec.schedule);
    const existing = units.get(spec.id);
    if (existing) {
      await existing.put(spec);
      return existing;
    }
    if (units.size >= mostUnits)
      throw new YardError("too_many", `This host has ${mostUnits} units already: remove some.`);
    const now = time.now();
    const state = { version: versionAfter(0), enabled: spec.enabled, starts: 0, runs: [] };
    const record: UnitRecord = { spec, createdAt: now, revisedAt: now, once, state };
    journal.intend({ type: "unit", id: spec.id, unit: record });
    const unit = add(spec.id, record);
    await unit.put(spec);
    return unit;
  }

  async function remove(id: string): Promise<void> {
    const unit = find(id);
    await unit.remove();
    if (units.get(id) !== unit) return; // somebody else's removal was quicker
    units.delete(id);
    journal.note({ type: "removed", id });
    emit({ type: "removed", id });
  }

  return {
    list: () => [...units.values()].map(({ status }) => status),
    get: (id) => find(id).status,
    put: async (spec) => (await put(spec, false)).status,
    async start(id) {
      const unit = find(id);
      await unit.start();
      return unit.status;
    },
    async stop(id, { graceMs }) {
      const unit = find(id);
      await unit.stop({ graceMs, cause: "stopped" });
      return unit.status;
    },
    remove,
    async run(spec, deliver, { signal }) {
      if (spec.schedule || spec.window) {
        const field = spec.schedule ? "schedule" : "window";
        throw new YardError("invalid", `A unit that runs once, at once, has no ${field}.`, { field });
      }
      const unit = await put(spec, true);
      await unit.ended({ signal });
      if (signal.aborted) return;
      const process = await unit.process(undefined).catch(() => undefined); // it never started
      await deliver(unit.status, process);
      if (units.get(spec.id) === unit && !isClosing) await remove(spec.id);
    },
    async ended(id, { run, timeoutMs, signal }) {
      const unit = find(id);
      const deadline = AbortSignal.timeout(timeoutMs);
      await unit.ended({ run, signal: signal ? AbortSignal.any([deadline, signal]) : deadline });
      return unit.status;
    },
    process: async (id, run) => find(id).process(run),
    async usage(ids, options) {
      const usages: Record<string, ProcessUsage> = {};
      for (const id of ids) {
        const process = await units
          .get(id)
          ?.process(undefined)
          .catch(() => undefined); // no run yet
        if (process) usages[id] = await process.usage(options);
      }
      return usages;
    },
    watch(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async recover() {
      await Promise.all([...units.values()].map((unit) => unit.recover()));
    },
    async shutdown({ graceMs }) {
      isClosing = true;
      const stops = [...units.values()].map((unit) => unit.stop({ graceMs, cause: "shutdown", staysEnabled: true }));
      await Promise.all(stops);
    },
    [Symbol.dispose]() {
      isClosing = true;
      for (const unit of units.values()) unit.release();
      alarms[Symbol.dispose]();
      journal[Symbol.dispose]();
    },
  };
}
