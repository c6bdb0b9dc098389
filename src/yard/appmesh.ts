/** What App Mesh's API needs of the yard's settings and directories. */
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { systemDirectories } from "../apis/appmesh/routes/files.ts";
import { createAppMeshSettings } from "../apis/appmesh/settings.ts";
import type { Labels } from "../apps/labels.ts";
import type { Config } from "../config.ts";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { systemClock } from "../platform/clock.ts";
import type { DataDirectory } from "../platform/data-directory.ts";
import type { Database } from "../platform/db/database.ts";
import { createStoredSettings } from "../platform/db/stored-settings.ts";
import type { ListenSpec } from "../platform/http/listen-spec.ts";
import { selfSignedPaths } from "../platform/http/tls-self-signed.ts";
import type { Log, LogLevel } from "../platform/log.ts";

/** What no upload may touch and no download show: the system's, the yard's own, and the keys by which its user is known elsewhere. */
export function closedDirectories(data: DataDirectory): readonly string[] {
  return [...systemDirectories, data.path, join(homedir(), ".ssh")];
}

interface AppMeshSettingsSources {
  readonly config: Config;
  readonly data: DataDirectory;
  readonly database: Database;
  readonly labels: Labels;
  readonly bus: Bus<Topics>;
  readonly log: Log;
  readonly listeners: () => readonly ListenSpec[];
}

export function openAppMeshSettings({ config, data, database, labels, bus, log, listeners }: AppMeshSettingsSources) {
  const certificate = config.tls.kind === "files" ? config.tls : selfSignedPaths(data.tls);
  return createAppMeshSettings({
    ...{ labels, bus, clock: systemClock },
    stored: createStoredSettings({ database, clock: systemClock }),
    facts: () => ({ hostname: hostname(), listen: listeners()[0] ?? config.listen[0]!, certificate }),
    logLevel: {
      get: () => log.level as LogLevel,
      set: (level) => {
        log.level = level;
      },
      chosenAtStart: config.effective.some(({ key, origin }) => key === "log" && origin !== "default"),
    },
  });
}
