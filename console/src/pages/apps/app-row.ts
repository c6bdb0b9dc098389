/** An app as the yard's lists have it, and how well it is doing. */
import type { Reply } from "../../api/operations.ts";
import type { Tone } from "../../components/status.tsx";

export type AppRow = Reply<"GET /yard/v1/apps">["items"][number];
export type AppState = AppRow["state"];

export const toneOf: Readonly<Record<AppState, Tone>> = {
  running: "good",
  unhealthy: "warn",
  restarting: "warn",
  waiting: "info",
  failed: "bad",
  ended: "calm",
  disabled: "calm",
};

/** The states that someone should look at. */
export const troubled = "failed,unhealthy,restarting";
