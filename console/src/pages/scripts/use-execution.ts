/** One execution, and what it prints, as it prints it. */
import { useEffect, useState } from "react";
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import { type Read, useRead } from "../../api/use-read.ts";
import { createLogStore, type LogStore } from "../../components/log/log-store.ts";
import type { Execution } from "./execution.ts";

export function useExecution(id: string | undefined): Read<Execution> {
  return useRead(
    id && `execution ${id}`,
    (signal) => call("GET /api/executions/{id}", { path: { id: id ?? "" } }, { signal }),
    { topics: ["executions"] },
  );
}

/** In a page of lines. */
const pageLines = 5_000;
/** Between two looks at what runs. */
const lookMs = 400;

/** @param onEnd told when it is over, and all of it was read */
export function useExecutionOutput(id: string, onEnd: () => void): LogStore {
  const [store] = useState(createLogStore);
  useEffect(() => {
    const ending = new AbortController();
    store.clear();
    void follow(id, store, ending.signal).then(() => ending.signal.aborted || onEnd());
    return () => ending.abort();
  }, [id, store, onEnd]);
  return store;
}

async function follow(id: string, store: LogStore, signal: AbortSignal): Promise<void> {
  let line = 0;
  while (!signal.aborted) {
    try {
      const input = { path: { id }, query: { line_offset: line, line_limit: pageLines } };
      const page = await call("GET /api/executions/{id}/output", input, { signal });
      if (page.end_line > page.start_line) store.append(`${page.data}\n`);
      line = page.end_line;
      if (page.has_more) continue;
      if (page.status !== "running") return;
    } catch (error) {
      if (error instanceof CallError && error.status === 404) return;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
