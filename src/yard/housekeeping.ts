/** What the yard does by itself from time to time, so that nothing grows for ever. */

import type { Capsules } from "../capsules/capsule.ts";
import type { Identity } from "../identity/identity.ts";
import type { Channels } from "../notifications/channel.ts";
import type { EventLog } from "../platform/bus/event-log.ts";
import type { Log } from "../platform/log.ts";
import type { HeapCollection } from "../scripts/heap-collection.ts";
import type { Scripts } from "../scripts/scripts.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import type { TaskRoom } from "../tasks/room.ts";
import type { StoredFiles } from "../tasks/storage/stored-files.ts";
import { artifactKinds } from "../tasks/task.ts";

interface Kept {
  readonly identity: Identity;
  readonly events: EventLog;
  readonly heaps: HeapCollection;
  readonly room: Pick<TaskRoom, "tidy">;
  readonly log: Log;
}

export async function housekeeping({ identity, events, heaps, room, log }: Kept): Promise<void> {
  try {
    await identity.purgeExpired();
    await events.trim();
    await room.tidy();
    const collected = await heaps.pass();
    if (collected.heaps > 0) log.info(collected, "heaps that nobody needs any more were collected");
  } catch (error) {
    log.error({ err: error }, "housekeeping failed; it is tried again later");
  }
}

interface TeamKeepers extends Pick<CollectionSources, "scripts" | "snapshots"> {
  readonly room: Pick<TaskRoom, "clearTeam">;
  readonly capsules: Pick<Capsules, "clearTeam">;
  readonly channels: Pick<Channels, "removeTeam">;
  readonly files: StoredFiles;
}

/** Of a team that is no more. */
export async function clearTeam(
  teamId: string,
  { scripts, snapshots, room, capsules, channels, files }: TeamKeepers,
): Promise<void> {
  await capsules.clearTeam(teamId);
  await channels.removeTeam(teamId);
  await room.clearTeam(teamId);
  await files.removeTeam(teamId);
  await scripts.removeTeam(teamId);
  await snapshots.removeTeam(teamId);
}

/** What tasks have left, before they are forgotten. */
export async function removeArtifacts(files: StoredFiles, taskUuids: readonly string[]): Promise<void> {
  const ofTask = (taskUuid: string) =>
    artifactKinds.map((artifact) => ({ kind: "artifact" as const, taskUuid, artifact }));
  await files.removeAll(taskUuids.flatMap(ofTask));
}

interface CollectionSources {
  readonly snapshots: Snapshots;
  readonly scripts: Scripts;
  readonly keepUsedMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Of files that nothing leads to any more. */
export async function collectGarbage({ snapshots, scripts, log, ...options }: CollectionSources): Promise<void> {
  try {
    const collected = await snapshots.collectGarbage({ ...options, keep: await scripts.reportedSnapshots() });
    log.info(collected, "snapshots that nobody needs any more were collected");
  } catch (error) {
    if (options.signal.aborted) return;
    log.error({ err: error }, "snapshots could not be collected; it is tried again later");
  }
}
