/** What the figures of scripts share: a pool of one engine process of ours, and its peer, which does the same with the engine's library alone. */
import { type EnginePool, openEnginePool } from "../../src/scripts/engine/engine-pool.ts";
import type { ScriptPeerReply, ScriptPeerRequest } from "../peers/script-engine.ts";
import type { Bench } from "./figure.ts";
import { ask } from "./messages.ts";
import { peer } from "./paths.ts";

export const scriptLimits = { memoryMb: 8, timeoutMs: 30_000, outputBytes: 1_000_000, timers: 1_000, calls: 10 };

/** One process, so that a rate is that of one core. */
export function openOneEngine(): EnginePool {
  return openEnginePool({ size: 1, maxQueued: 100, maxMemoryMb: 64, log: { warn() {} } });
}

export interface ScriptPeer extends AsyncDisposable {
  readonly pid: number;
  /** @returns milliseconds of each */
  run(request: ScriptPeerRequest): Promise<ScriptPeerReply>;
}

export function openScriptPeer(bench: Bench): ScriptPeer {
  const child = bench.children.start(process.execPath, [peer("script-engine.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return {
    pid: child.pid,
    run: (request) => ask<ScriptPeerReply>(child, request, bench.signal),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** A megabyte of live state: what a session that holds some data has. */
export const makeState =
  "globalThis.rows = Array.from({ length: 6000 }, (_, id) => ({ id, name: 'row ' + (id * 7919) % 1000, tags: [id, id * 2] })); rows.length";

/** A small step over it. */
export const stepOver = (index: number) => `rows[${(index * 37) % 6000}].name = 'changed ${index}'; rows.length`;
