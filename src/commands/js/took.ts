import type { ExecutionSeen } from "../../client/scripts.ts";
import { durationText } from "../app/text.ts";

const mostMs = 10_000;

/** From its submission to its end: `12 ms`, or `1m 5s` for a long one. Undefined while it runs. */
export function tookText({ startedAt, endedAt }: ExecutionSeen): string | undefined {
  if (endedAt === undefined) return undefined;
  const ms = endedAt.getTime() - startedAt.getTime();
  return ms < mostMs ? `${ms} ms` : durationText(ms);
}
