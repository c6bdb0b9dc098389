/** The output of apps: pages by position, and streams. */
import type { Readable } from "node:stream";
import type { RunStatus } from "../agent/protocol.ts";
import type { Units } from "../hosts/host.ts";
import { YardError } from "../platform/errors.ts";
import type { Catalog } from "./catalog.ts";
import type { Actor } from "./parts.ts";
import { hasEnded, withoutSecret } from "./runtime.ts";

export interface OutputRequest {
  /** Bytes from the start of the run; a negative one is 0. */
  readonly position: number;
  readonly maxBytes: number;
  /** 0 is the current or last run, `k` the `k`th before it. */
  readonly index?: number;
  /** In place of `index`. */
  readonly runId?: string;
  /** Answers when the run has ended, or this time has passed. */
  readonly waitForExitMs?: number;
  readonly signal?: AbortSignal;
}

export interface OutputPage {
  readonly bytes: Buffer;
  /** Position of the first byte: higher than asked for when the oldest output is gone. */
  readonly from: number;
  readonly next: number;
  /** All that was written so far. */
  readonly size: number;
  readonly run: RunStatus;
  /** Which run this is, counted as in the request. */
  readonly index: number;
  /** The run had ended before the bytes were read: nothing will come after `size`. */
  readonly ended: boolean;
}

export interface FollowRequest {
  readonly position: number;
  /** Default: the current or last run. */
  readonly runId?: string;
}

export function createOutput({ catalog, units }: { catalog: Catalog; units: Units }) {
  async function pick(actor: Actor, name: string, which: Pick<OutputRequest, "index" | "runId">) {
    const { app, unitId } = await catalog.get(actor, name, "read");
    const { runs } = app.runtime;
    const index = which.runId === undefined ? (which.index ?? 0) : runs.findIndex((run) => run.id === which.runId);
    const run = runs[index];
    if (!run) throw noSuchRun(app.name, runs.length, which);
    return { app, unitId, run, index };
  }

  async function output(actor: Actor, name: string, request: OutputRequest): Promise<OutputPage> {
    const picked = await pick(actor, name, request);
    const { app, unitId, index } = picked;
    let { run } = picked;
    const timeoutMs = request.waitForExitMs ?? 0;
    // The mirror may lag behind by a moment, so that a run it shows as running is asked for even without a wait.
    if (!hasEnded(run)) {
      const unit = await units.ended(unitId, { run: run.id, timeoutMs, signal: request.signal });
      const asked = unit.runs.find(({ id }) => id === run.id);
      if (!asked)
        throw new YardError("not_found", `the run ${run.id} of app ${app.name} is gone, and its output with it`);
      run = withoutSecret(asked);
    }
    const { maxBytes } = request;
    const position = Math.max(0, request.position);
    const chunk = await units.output(unitId, { run: run.id, position, maxBytes });
    return { ...chunk, run, index, ended: hasEnded(run) };
  }

  /** All bytes from `position` until that run has ended. Destroy the stream to stop. */
  async function follow(actor: Actor, name: string, { position, runId }: FollowRequest): Promise<Readable> {
    const { unitId, run } = await pick(actor, name, { runId });
    return units.follow(unitId, { run: run.id, position: Math.max(0, position) });
  }

  return { output, follow };
}

function noSuchRun(name: string, count: number, which: Pick<OutputRequest, "index" | "runId">): YardError {
  if (count === 0) return new YardError("not_found", `the app ${name} has not been started yet`);
  if (which.runId !== undefined) {
    return new YardError("not_found", `the app ${name} has no run ${which.runId}`, { field: "runId" });
  }
  return new YardError(
    "not_found",
    `the app ${name} has the outputs of ${count} runs, none with index ${which.index}`,
    {
      field: "index",
    },
  );
}
