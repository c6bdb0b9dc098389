/** What Mitosis' API is built on, out of the yard's rooms. */
import type { MitosisParts } from "../apis/mitosis/parts.ts";
import type { RedisAccess } from "../apis/mitosis/redis-access.ts";
import type { Config } from "../config.ts";
import type { Identity } from "../identity/identity.ts";
import type { TeamDirectory } from "../identity/team-directory.ts";
import type { TaskRoom } from "../tasks/room.ts";
import type { StoredFiles } from "../tasks/storage/stored-files.ts";
import type { YardShutdown } from "./shutdown-switch.ts";

interface MitosisSources {
  readonly config: Config;
  readonly identity: Identity;
  readonly teamDirectory: TeamDirectory;
  readonly room: TaskRoom;
  readonly files: StoredFiles;
  readonly redis: RedisAccess;
  readonly shutdown: YardShutdown;
  readonly essential: MitosisParts["essential"];
}

export function mitosisParts({ config, room, files, ...parts }: MitosisSources): MitosisParts {
  const { tasks, workers, figures } = room;
  return {
    ...parts,
    ...{ tasks, workers, files },
    figures: { ...figures, storageUsedBy: async (teamId) => (await files.usage(teamId)).usedBytes },
    reading: config.mitosis.reading,
    loginRate: config.loginRate,
  };
}
