/** What becomes of an app that was just started or stopped: the yard answers before its process has shown what it does. */
import { setTimeout as sleep } from "node:timers/promises";
import { YardError } from "../platform/errors.ts";
import { comingStart, endedWell } from "./app-state.ts";
import { type AppSeen, findApp } from "./apps.ts";
import type { YardClient } from "./http.ts";

export type Settled =
  /** `failed`: it could not be started, or ended at once with another code than 0. `late`: nothing happened in time. */
  | { readonly kind: "running" | "ended" | "failed" | "late"; readonly app: AppSeen }
  /** Its schedule starts it later. */
  | { readonly kind: "waiting"; readonly app: AppSeen; readonly until: Date }
  /** Its end asked for that. */
  | { readonly kind: "removed" };

export interface SettleOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const lookMs = 100;
/** A program that lives this long has most likely found its files, its port and its settings. */
const provenMs = 500;

/** Looks until it is clear what a start has led to.
 *  @param startsBefore how often the app had been started before */
export async function settleStart(
  client: YardClient,
  name: string,
  startsBefore: number,
  options: SettleOptions,
): Promise<Settled> {
  let proven: { pid: number; at: number } | undefined;
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const app = await findApp(client, name, options);
    if (!app) return { kind: "removed" };
    if (app.pid !== undefined) {
      if (proven?.pid !== app.pid) proven = { pid: app.pid, at: performance.now() + provenMs };
      if (performance.now() >= proven.at) return { kind: "running", app };
    } else {
      const settled = settledWithoutProcess(app, startsBefore);
      if (settled) return settled;
    }
    if (performance.now() > deadline) return { kind: app.pid === undefined ? "late" : "running", app };
    await sleep(lookMs, undefined, options);
  }
}

function settledWithoutProcess(app: AppSeen, startsBefore: number): Settled | undefined {
  if (app.starts > startsBefore) return { kind: endedWell(app) ? "ended" : "failed", app };
  const until = comingStart(app);
  return until && { kind: "waiting", app, until };
}

/** Looks until the app's process is gone. @throws {YardError} timeout */
export async function settleStop(client: YardClient, name: string, options: SettleOptions): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const app = await findApp(client, name, options);
    if (app?.pid === undefined) return;
    if (performance.now() > deadline)
      throw new YardError("timeout", `${name} still runs (process ${app.pid}) after ${options.timeoutMs / 1_000} s`);
    await sleep(lookMs, undefined, options);
  }
}
