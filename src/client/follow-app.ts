/** The output of an app, run after run, for as long as somebody reads it. */
import { setTimeout as sleep } from "node:timers/promises";
import { isYardError } from "../platform/errors.ts";
import { findApp } from "./apps.ts";
import { type FollowParts, followRun } from "./follow-run.ts";
import type { YardClient } from "./http.ts";
import { type OutputPage, readOutputPage } from "./output.ts";
import { createPatience, isLost, retryMs } from "./patience.ts";

/** An app that its exit rules start again is back sooner than this, and needs no word about it. */
const quietMs = 2_000;

export interface FirstRun {
  readonly run: string;
  /** Where its output is read from. */
  readonly position: number;
}

/** Copies to `parts.output` what the app prints: of `first` from its position on, then of each later run whose output is kept, then of those
 *  to come. Without `first` it waits for the app's first start. Returns when the app is gone, or `ends` says that no further run will come.
 *  @throws the signal's reason once that is aborted, else {YardError} */
export async function followApp(
  name: string,
  first: FirstRun | undefined,
  options: { readonly ends: boolean },
  parts: FollowParts,
): Promise<void> {
  let { run, position } = first ?? { run: undefined, position: 0 };
  for (;;) {
    if (run !== undefined) {
      const followed = run;
      const look = (client: YardClient, from: number) => lookAgain(client, name, followed, from, parts.signal);
      await followRun({ name, run }, { position, look }, parts).catch(unlessGone);
      if (options.ends) return;
    }
    run = await nextRun(name, run, parts);
    if (run === undefined) return;
    position = 0;
  }
}

async function lookAgain(client: YardClient, name: string, run: string, position: number, signal: AbortSignal) {
  const page = await readOutputPage(client, name, { run, position, signal });
  return { bytes: page.bytes, ended: page.ended && page.from + page.bytes.length >= page.size };
}

/** A run whose output is not kept is gone as soon as the next one starts: what was read of it is all there is. */
function unlessGone(error: unknown): void {
  if (!isYardError(error, "not_found")) throw error;
}

/** The run that came after `last`, as soon as there is one; undefined when the app is gone. */
async function nextRun(name: string, last: string | undefined, parts: FollowParts): Promise<string | undefined> {
  const { signal } = parts;
  const patience = createPatience(parts);
  let client: YardClient | undefined;
  const quietUntil = performance.now() + quietMs;
  let isTold = false;
  for (;;) {
    try {
      client ??= await parts.connect();
      const later = await oldestAfter(client, name, last, signal);
      if (later !== undefined) return later;
      if (!(await findApp(client, name, { signal }))) return undefined;
      patience.found();
      if (!isTold && performance.now() > quietUntil) {
        parts.notice(`${name} does not run; waiting for its next start`);
        isTold = true;
      }
      await sleep(retryMs, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isLost(error)) throw error;
      client = undefined;
      await patience.wait(error);
    }
  }
}

/** Runs are counted from the newest: it goes back until it meets `last`, or the oldest one that is kept. */
async function oldestAfter(
  client: YardClient,
  name: string,
  last: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  let later: string | undefined;
  for (let index = 0; ; index++) {
    const page = await pageOf(client, name, index, signal);
    if (page === undefined || page.run === last) return later;
    later = page.run;
  }
}

async function pageOf(
  client: YardClient,
  name: string,
  index: number,
  signal: AbortSignal,
): Promise<OutputPage | undefined> {
  try {
    return await readOutputPage(client, name, { index, limit: 1, signal });
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  }
}
