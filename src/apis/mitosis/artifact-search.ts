/** Which artifacts a batch is about. */
import { isYardError } from "../../platform/errors.ts";
import { isAtLeast } from "../../tasks/access.ts";
import type { StoredFiles } from "../../tasks/storage/stored-files.ts";
import type { ArtifactKind, TaskCaller, TaskFilter, TeamRole } from "../../tasks/task.ts";
import type { Tasks } from "../../tasks/tasks.ts";
import { type ArtifactRef, artifactRef } from "./file-words.ts";
import { matchesNothing } from "./task-words.ts";

/** So many tasks are looked at together. */
const pageLength = 1_000;

/** Those of the tasks that match, page by page, until the signal says that nobody waits for them any more. */
export async function* artifactsMatching(
  { tasks, files }: { readonly tasks: Pick<Tasks, "find">; readonly files: Pick<StoredFiles, "artifactsOf"> },
  caller: TaskCaller,
  { filter, artifact, signal }: { filter: TaskFilter; artifact: ArtifactKind; signal: AbortSignal },
): AsyncGenerator<readonly ArtifactRef[]> {
  if (matchesNothing(filter)) return;
  for (let offset = 0; !signal.aborted; offset += pageLength) {
    const found = await tasks.find(caller, filter, { limit: pageLength, offset });
    const records = await files.artifactsOf(found.map(({ uuid }) => uuid));
    yield records.filter((each) => each.artifact === artifact).map(({ taskUuid }) => artifactRef(taskUuid, artifact));
    if (found.length < pageLength) return;
  }
}

/** Of those tasks the ones in whose group the caller has that role or more. */
export async function tasksWithRole(
  tasks: Pick<Tasks, "get">,
  caller: TaskCaller,
  uuids: readonly string[],
  needed: TeamRole,
): Promise<readonly string[]> {
  const allowed: string[] = [];
  for (const uuid of uuids) {
    try {
      const { team } = await tasks.get(caller, uuid);
      if (isAtLeast(caller.teams.get(team.id), needed)) allowed.push(uuid);
    } catch (error) {
      if (!isYardError(error, "not_found")) throw error;
    }
  }
  return allowed;
}
