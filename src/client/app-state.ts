/** What an app is doing, in one word. */
import type { AppSeen } from "./apps.ts";

/** `waiting`: a start is to come. `ended`: its last process exited with 0. `failed`: it could not be started, or ended otherwise.
 *  `new`: it is about to be started for the first time, or never was. */
export type AppState = "running" | "waiting" | "ended" | "failed" | "new" | "disabled";

/** @param now the time that a start to come is compared with, in milliseconds */
export function stateOf(app: AppSeen, now = Date.now()): AppState {
  if (app.pid !== undefined) return "running";
  if (!app.enabled) return "disabled";
  if (comingStart(app, now)) return "waiting";
  if (app.starts === 0) return "new";
  return endedWell(app) ? "ended" : "failed";
}

/** The next start, if one is to come: the yard also tells of the last planned one. */
export function comingStart({ enabled, nextStartAt }: AppSeen, now = Date.now()): Date | undefined {
  return enabled && nextStartAt && nextStartAt.getTime() > now ? nextStartAt : undefined;
}

/** An exit code from before the last start says nothing of how that went. */
export function endedWell({ exitCode, startedAt, exitedAt }: AppSeen): boolean {
  return exitCode === 0 && exitedAt !== undefined && (startedAt === undefined || exitedAt >= startedAt);
}

/** The yard counts what does not run as unhealthy. For a person that means something only of an app that should have run. */
export function healthOf(app: AppSeen): "ok" | "bad" | undefined {
  if (app.healthy === undefined || !app.enabled || app.starts === 0) return undefined;
  return app.healthy ? "ok" : "bad";
}
