/** What Mitosis' API is built on; yard.ts hands it in. */
import type { Identity } from "../../identity/identity.ts";
import type { TeamDirectory } from "../../identity/team-directory.ts";
import type { StoredFiles } from "../../tasks/storage/stored-files.ts";
import type { Tasks } from "../../tasks/tasks.ts";
import type { Workers } from "../../tasks/workers.ts";
import type { ReadingSetting } from "./quirks.ts";
import type { RedisAccess } from "./redis-access.ts";

export interface MitosisParts {
  readonly identity: Pick<Identity, "users" | "sessions" | "teams" | "quotas" | "authenticator" | "audit">;
  readonly teamDirectory: TeamDirectory;
  readonly tasks: Tasks;
  readonly workers: Workers;
  readonly files: StoredFiles;
  readonly figures: GroupFigures;
  readonly reading: ReadingSetting;
  /** Logins per minute and address; 0 is no limit. */
  readonly loginRate: number;
  /** Where clients and workers hear of the states of tasks. */
  readonly redis: RedisAccess;
  readonly shutdown: ShutdownSwitch;
  /** Does what must work even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

/** What is shown of a group besides what identity knows. */
export interface GroupFigures {
  /** Ever submitted. */
  tasksOf(teamId: string): Promise<number>;
  /** Linked to it, in whatever role. */
  workersOf(teamId: string): Promise<number>;
  /** In bytes. */
  storageUsedBy(teamId: string): Promise<number>;
}

/** Stops the yard for who knows the secret of this start. */
export interface ShutdownSwitch {
  /** Made anew at each start, told nobody but the reader of the log. */
  readonly secret: string;
  /** Returns at once; what is under way ends as with a stop from outside. */
  request(): void;
}
