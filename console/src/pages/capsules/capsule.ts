/** What the pages of capsules know of one, and how its team is spoken for. */
import type { CallOptions } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import type { Self } from "../../api/use-self.ts";
import type { Tone } from "../../components/status.tsx";

export type Capsule = Reply<"GET /yard/v1/capsules">["items"][number];
export type CapsuleStatus = Capsule["status"];

export const toneOf: Readonly<Record<CapsuleStatus, Tone>> = {
  pending: "info",
  starting: "info",
  running: "good",
  paused: "calm",
  hibernated: "calm",
  missing: "warn",
  stopped: "calm",
  error: "bad",
};

export const isOver = ({ status }: Capsule): boolean => status === "stopped" || status === "error";

/** What a pause keeps of it, for a person. */
export const keptByPause: Readonly<Record<Capsule["keeps"], string>> = {
  frozen: "all of it, its memory until the host restarts",
  saved: "all of it, its memory too",
  none: "its files; what runs is ended",
};

/** The team to speak for; none for one's own, whose name is one's own. */
export function teamOf({ teamId, team }: Capsule, { username }: Self): string | undefined {
  return team === username ? undefined : teamId;
}

/** For calls about it. */
export function inTeam(capsule: Capsule, self: Self, options: CallOptions = {}): CallOptions {
  return { ...options, team: teamOf(capsule, self) };
}

export function idleText(seconds: number): string {
  if (seconds === 0) return "never by itself";
  const [value, unit] =
    seconds % 3_600 === 0 ? [seconds / 3_600, "h"] : seconds % 60 === 0 ? [seconds / 60, "min"] : [seconds, "s"];
  return `after ${value} ${unit} without use`;
}
