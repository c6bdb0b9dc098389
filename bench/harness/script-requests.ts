/** Scripts over HTTP, as clients of the API run them. */
import { setTimeout as delay } from "node:timers/promises";
import type { Yard } from "./yard.ts";

/** Between two polls of one execution. */
export const pollMs = 50;
const mostPolls = 200;

/** One-liners of the kinds that the load of the published figures has. */
export const oneLiners = [
  "1 + 1",
  "Math.sqrt(1764)",
  "JSON.stringify({ a: [1, 2, 3], b: 'text' })",
  "[1, 2, 3, 4].reduce((sum, n) => sum + n, 0)",
  "'ab'.repeat(20)",
  "Date.now()",
  "Object.keys({ a: 1, b: 2 }).length",
  "[1, 2, 3, 4, 5, 6].filter((n) => n % 2).map((n) => n * n)",
];

/** Submits a script and asks for its end, at once and then every {@link pollMs}. @throws {Error} unless it completes with a result */
export async function runAndPoll(yard: Yard, code: string, signal: AbortSignal): Promise<void> {
  const id = await submit(yard, code);
  for (let polls = 0; polls < mostPolls; polls++) {
    if (await hasCompleted(yard, id)) return;
    await delay(pollMs, undefined, { signal });
  }
  throw new Error(`${code}: has not ended`);
}

/** Submits a script and waits for its end in one request. @throws {Error} unless it completes with a result */
export async function runAndWait(yard: Yard, code: string): Promise<void> {
  const id = await submit(yard, code);
  if (!(await hasCompleted(yard, id, { prefer: "wait=30" }))) throw new Error(`${code}: has not ended`);
}

async function submit(yard: Yard, code: string): Promise<string> {
  const { body } = await yard.call("POST", "/api/exec", { code });
  return (JSON.parse(body.toString()) as { execution_id: string }).execution_id;
}

async function hasCompleted(yard: Yard, id: string, headers?: Record<string, string>): Promise<boolean> {
  const { body } = await yard.call("GET", `/api/executions/${id}`, undefined, headers);
  const { status, result, error }: { status: string; result: string | null; error: string | null } = JSON.parse(
    body.toString(),
  );
  if (status === "completed" && result !== null) return true;
  if (status !== "running") throw new Error(`${id}: ${status}: ${error ?? "no result"}`);
  return false;
}
