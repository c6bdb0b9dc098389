/** The units of one host's agent, over its connection. */
import type { Readable } from "node:stream";
import type { RunStatus, UnitSpec, UnitStatus } from "../agent/protocol.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { type Call, createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { ConnectionLostError, readCount, readJson } from "./exchange.ts";
import { follow } from "./follow.ts";
import type { UnitRunResult, Units } from "./host.ts";
import type { HostLog } from "./log.ts";
import { parseUnit, parseUnits, parseUsages } from "./replies.ts";
import { watchUnits } from "./unit-watch.ts";

/** A put kills the run it replaces, a start waits for the spawn: quick, except on a machine that is out of breath. */
const changeTimeoutMs = 60_000;
/** Beyond the wait that was asked for. */
const answerTimeMs = 20_000;
/** One long poll of a longer wait. */
const pollMs = 60_000;
/** Of a run without a time limit: the agent's lifetime limit ends it, or the connection's pings. */
const noTimeLimitMs = 2 ** 31 - 1;

export function createUnits(connection: AgentConnection, log: HostLog): Units {
  const call = createCalls(connection);
  const callForUnit = async (request: Call): Promise<UnitStatus> => readJson(await call(request), parseUnit);

  const units: Units = {
    put: (spec) => callForUnit({ method: "PUT", path: pathOf(spec.id), body: spec, timeoutMs: changeTimeoutMs }),
    run: (spec, options) => runOnce(spec, options),
    list: async () => readJson(await call({ method: "GET", path: "/v1/units" }), parseUnits),
    get: (id) => callForUnit({ method: "GET", path: pathOf(id) }),
    start: (id) => callForUnit({ method: "POST", path: pathOf(id, "/start"), timeoutMs: changeTimeoutMs }),
    stop: (id, { graceMs }) =>
      callForUnit({ method: "POST", path: pathOf(id, "/stop", { graceMs }), timeoutMs: graceMs + changeTimeoutMs }),

    async remove(id) {
      await call({ method: "DELETE", path: pathOf(id), timeoutMs: changeTimeoutMs }).catch(unlessGone);
    },

    async ended(id, { run, timeoutMs, signal }) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const wait = Math.max(0, Math.min(pollMs, Math.ceil(deadline - performance.now())));
        const path = pathOf(id, "/ended", { run, timeoutMs: wait });
        const unit = await callForUnit({ method: "GET", path, timeoutMs: wait + answerTimeMs, signal });
        if (performance.now() >= deadline || hasEnded(unit, run)) return unit;
      }
    },

    async output(id, { run, position, maxBytes }) {
      const reply = await call({ method: "GET", path: pathOf(id, "/output", { run, position, maxBytes }) });
      return {
        bytes: reply.body,
        from: readCount(reply.headers, "output-from"),
        next: readCount(reply.headers, "output-next"),
        size: readCount(reply.headers, "output-size"),
      };
    },

    follow: (id, { run, position }) =>
      follow(connection, { position, path: (from) => pathOf(id, "/output", { run, position: from, follow: "" }) }),

    async usage(ids, { tree } = {}) {
      const reply = await call({ method: "POST", path: "/v1/units/usage", body: { ids, tree } });
      return new Map(Object.entries(readJson(reply, parseUsages)));
    },

    watch: (listener) => watchUnits(connection, log, listener),
  };

  async function runOnce(spec: UnitSpec, { maxBytes }: { maxBytes: number }): Promise<UnitRunResult> {
    const timeoutMs = spec.timeoutMs === undefined ? noTimeLimitMs : spec.timeoutMs + changeTimeoutMs;
    try {
      const path = pathOf(spec.id, "/run", { maxBytes });
      const reply = await call({ method: "POST", path, body: spec, timeoutMs, once: true });
      const unit = readJson({ ...reply, body: unitHeader(reply.headers["unit-status"]) }, parseUnit);
      return { unit, output: reply.body, next: readCount(reply.headers, "output-next") };
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error;
      return await whatBecameOf(spec, maxBytes, timeoutMs, error);
    }
  }

  /** A run is not made twice: when the connection broke, its unit still has the result, if the agent lived on to keep it. */
  async function whatBecameOf(
    { id }: UnitSpec,
    maxBytes: number,
    timeoutMs: number,
    lost: ConnectionLostError,
  ): Promise<UnitRunResult> {
    try {
      const run = (await units.get(id)).runs[0]?.id;
      if (run === undefined) throw lost;
      // Both at once: the agent removes the unit as soon as its run has ended.
      const [unit, output] = await Promise.all([
        units.ended(id, { run, timeoutMs }),
        firstBytes(units.follow(id, { run, position: 0 }), maxBytes),
      ]);
      if (!hasEnded(unit, run)) throw lost;
      await units.remove(id);
      return { unit, output, next: output.length };
    } catch (error) {
      if (isYardError(error, "not_found")) throw lost;
      throw error;
    }
  }

  return units;
}

/** The current run, or the one that is named, is over (also when it is forgotten already, or never began). */
export function hasEnded(unit: UnitStatus, runId?: string): boolean {
  const run: RunStatus | undefined = runId === undefined ? unit.runs[0] : unit.runs.find(({ id }) => id === runId);
  return run === undefined || run.exit !== undefined || run.startError !== undefined;
}

async function firstBytes(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBytes) break; // leaving the loop destroys the stream
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

function pathOf(id: string, action = "", query: Record<string, string | number | undefined> = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(value!)}`);
  return `/v1/units/${encodeURIComponent(id)}${action}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`;
}

function unitHeader(value: string | string[] | undefined): Buffer {
  if (typeof value !== "string") throw new YardError("internal", "the agent's answer lacks the header unit-status");
  return Buffer.from(value);
}

function unlessGone(error: unknown): void {
  if (!isYardError(error, "not_found")) throw error;
}
