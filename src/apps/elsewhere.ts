/** Apps that are on the host of another yard. Yards that share a database share the table of apps, but each has an agent of its own: an app runs
 *  where it was added, and only the yard of that host starts, stops or reads it. So no app is ever started by two agents. */
import { YardError } from "../platform/errors.ts";
import type { OwnHost } from "./parts.ts";
import type { StoredApp } from "./store.ts";

const comeBackMs = 5_000;

export function isElsewhere(app: StoredApp | undefined, own: OwnHost): app is StoredApp {
  return app !== undefined && app.hostId !== own.id;
}

/** @throws {YardError} unavailable, always: it names the host */
export async function refuseElsewhere({ name, hostId }: StoredApp, own: OwnHost): Promise<never> {
  const host = await own.find(hostId);
  const where = `the app ${name} is on the host ${host?.name ?? hostId}`;
  if (host?.isLive) throw new YardError("unavailable", `${where}: ask the yard of that host`);
  const message = `${where}, whose yard is not running: start it, or remove the app and add it again here`;
  throw new YardError("unavailable", message, { retryAfterMs: comeBackMs });
}

/** @throws {YardError} unavailable, if the host's yard is there and may be asked */
export async function requireGone(app: StoredApp, own: OwnHost): Promise<void> {
  if ((await own.find(app.hostId))?.isLive) await refuseElsewhere(app, own);
}
