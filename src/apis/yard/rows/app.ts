/** An app as a row. */
import { type Static, Type } from "typebox";
import type { App } from "../../../apps/app.ts";
import type { AccessibleApp } from "../../../apps/catalog.ts";
import { isRunning } from "../../../apps/runtime.ts";
import { beginningOf, Moment, OptionalInteger, OptionalMoment, OptionalText } from "./texts.ts";

export const appStates = ["running", "unhealthy", "restarting", "failed", "waiting", "ended", "disabled"] as const;
export type AppState = (typeof appStates)[number];

export const AppRow = Type.Object({
  id: Type.String(),
  name: Type.String(),
  owner: OptionalText,
  kind: Type.Enum(["defined", "temporary"]),
  state: Type.Enum([...appStates]),
  enabled: Type.Boolean(),
  healthy: Type.Boolean(),
  mayChange: Type.Boolean({ description: "What its owner has shared; the permission is another matter" }),
  command: Type.String(),
  image: OptionalText,
  starts: Type.Integer(),
  pid: OptionalInteger,
  startedAt: OptionalMoment,
  endedAt: OptionalMoment,
  exitCode: OptionalInteger,
  nextStartAt: OptionalMoment,
  error: Type.Union([Type.Object({ at: Moment, message: Type.String() }), Type.Null()]),
  createdAt: Moment,
  updatedAt: Moment,
});
export type AppRow = Static<typeof AppRow>;

/** An app that goes on longer than this after a bad end has got over it. */
const restartingMs = 60_000;

export function appRow({ app, access }: AccessibleApp, now: number): AppRow {
  const { definition, runtime } = app;
  const [run] = runtime.runs;
  const { lastEnded, lastError } = runtime;
  return {
    ...{ id: app.id, name: app.name, owner: app.ownerName, kind: app.kind, enabled: app.enabled },
    ...{ state: stateOf(app, now), healthy: runtime.healthy, mayChange: access === "write", starts: runtime.starts },
    command: beginningOf(definition.command, 200),
    image: definition.container?.image ?? null,
    pid: isRunning(run) ? run.pid : null,
    startedAt: run?.startedAt ?? null,
    endedAt: lastEnded?.exit?.at ?? null,
    exitCode: lastEnded?.exit?.code ?? null,
    nextStartAt: runtime.nextStartAt ?? null,
    error: lastError ? { at: lastError.at, message: beginningOf(lastError.message, 300) } : null,
    ...{ createdAt: app.createdAt, updatedAt: app.updatedAt },
  };
}

function stateOf({ definition, enabled, runtime }: App, now: number): AppState {
  const [run] = runtime.runs;
  const isUp = isRunning(run);
  if (isUp && definition.healthCheck && !runtime.healthy) return "unhealthy";
  const wentWrongAt = wentWrong(runtime);
  const isRecent = wentWrongAt !== undefined && now - wentWrongAt < restartingMs;
  if (isUp) return isRecent ? "restarting" : "running";
  if (!enabled) return "disabled";
  if (wentWrongAt !== undefined) return isRecent && runtime.nextStartAt !== undefined ? "restarting" : "failed";
  return run === undefined || runtime.nextStartAt !== undefined || definition.window !== undefined
    ? "waiting"
    : "ended";
}

/** When the last end was that nobody wanted; undefined if the last one was well. */
function wentWrong({ lastError, lastEnded, runs: [run] }: App["runtime"]): number | undefined {
  if (run?.startError !== undefined) return lastError?.at ?? run.startedAt;
  const exit = lastEnded?.exit;
  if (exit === undefined || exit.code === 0 || lastEnded?.stopCause !== undefined) return undefined;
  return exit.at;
}

export function textsOfApp({ id, name, owner, state, command, image }: AppRow) {
  return [id, name, owner, state, command, image];
}
