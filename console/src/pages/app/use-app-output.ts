/** The output of an app's current run, followed. A line that breaks is taken up where it was; the next run begins a new log. */
import { useEffect, useState } from "react";
import { request } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import { createLogStore, type LogStore } from "../../components/log/log-store.ts";
import { readStream } from "../../components/log/read-stream.ts";

export type OutputState = "loading" | "live" | "away" | "ended" | "none";

const retryMs = 1_000;

/** @param run how often the app was started: another one is another log */
export function useAppOutput(name: string, run: number): { store: LogStore; state: OutputState } {
  const [store] = useState(createLogStore);
  const [state, setState] = useState<OutputState>("loading");
  // biome-ignore lint/correctness/useExhaustiveDependencies: each run is followed anew
  useEffect(() => {
    const ending = new AbortController();
    void follow(name, store, setState, ending.signal);
    return () => ending.abort();
  }, [name, run, store]);
  return { store, state };
}

async function follow(
  name: string,
  store: LogStore,
  tell: (state: OutputState) => void,
  signal: AbortSignal,
): Promise<void> {
  let position = 0;
  let run: string | undefined;
  while (!signal.aborted) {
    try {
      const began = await beginningOf(name, run, signal);
      if (run === undefined) store.clear();
      run = began;
      tell("live");
      const body = await openStream(name, run, position, signal);
      await readStream(body, store, (bytes) => (position += bytes));
      return tell("ended");
    } catch (error) {
      if (signal.aborted) return;
      const isUnknown = error instanceof CallError && error.status === 404;
      if (isUnknown) return tell("none");
      tell("away");
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

/** Which run there is to follow. A stream would tell that only with the first byte, for which one may wait long. */
async function beginningOf(name: string, run: string | undefined, signal: AbortSignal): Promise<string | undefined> {
  const input = { path: { name }, query: { run, limit: 1 } };
  const response = await request("GET /yard/v1/apps/{name}/output", input, { signal });
  await response.arrayBuffer();
  return response.headers.get("x-output-run") ?? undefined;
}

async function openStream(name: string, run: string | undefined, position: number, signal: AbortSignal) {
  const input = { path: { name }, query: { run, position, follow: true } };
  const { body } = await request("GET /yard/v1/apps/{name}/output", input, {
    signal,
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  if (!body) throw new Error("the reply has no body");
  return body;
}
