/** What a stack is doing, in one word, by its deployment and by its containers. */
import type { Reply } from "../../api/operations.ts";
import type { Tone } from "../../components/status.tsx";

export type Stack = Reply<"GET /api/v1/stacks">[number];
export type StackCounts = Reply<"GET /api/v1/containers/summary">["by_stack"][string];

export interface StackState {
  readonly word: string;
  readonly tone: Tone;
}

/** @param counts of its containers on all hosts within reach; undefined where there are none */
export function stackStateOf({ status, deployment }: Stack, counts: StackCounts | undefined): StackState {
  if (status === "needs_recovery") return { word: "file lost", tone: "bad" };
  if (!deployment) return { word: "not deployed", tone: "calm" };
  if (deployment.status !== "deployed") return { word: deployment.status.replaceAll("_", " "), tone: "calm" };
  if (!counts || counts.running === 0) return { word: "nothing runs", tone: "bad" };
  if (counts.unhealthy > 0) return { word: "unhealthy", tone: "warn" };
  return counts.running < counts.total ? { word: "partly up", tone: "warn" } : { word: "running", tone: "good" };
}
