/** Between Mitosis' words for workers and the domain's. */
import type { Actor } from "../../identity/trail.ts";
import type { TaskResult, TeamRef, TeamRole } from "../../tasks/task.ts";
import type { Report, Worker, WorkerFilter, WorkerIdentity } from "../../tasks/workers.ts";
import { waitStatusFromWire } from "./exit-status.ts";
import type { Reading } from "./quirks.ts";
import { resultMessages, taskFromWire, unique } from "./task-words.ts";
import { roleFromWire } from "./team-roles.ts";
import { timeToWire } from "./times.ts";
import type { ReportOp, WorkerFilterFields } from "./worker-schemas.ts";

const stateNames = { normal: "Normal", draining: "GracefulShutdown" } as const;
export const workerStates = { wire: Object.values(stateNames) };

/** What each spelling means for `force`. */
const shutdownSpellings = { Graceful: false, graceful: false, Force: true, force: true } as const;
type ShutdownSpelling = keyof typeof shutdownSpellings;
export const shutdownOps = {
  accepted: Object.keys(shutdownSpellings) as ShutdownSpelling[],
  isForce: (spelling: ShutdownSpelling): boolean => shutdownSpellings[spelling],
};

/** Of the entries `name` and `name:role` of a registration. As clients know it, an unreadable role is Write, and an entry with more colons is
 *  nobody's. */
export function groupEntriesFromWire(entries: readonly string[]): ReadonlyMap<string, TeamRole> {
  const roles = entries.flatMap((entry): [string, TeamRole][] => {
    const [name = "", role = "", ...more] = entry.split(":");
    if (more.length > 0) return [];
    return [[name, roleFromWire(role) ?? "member"]];
  });
  return new Map(roles);
}

export function workerToWire(worker: Worker, reading: Reading) {
  return {
    worker_id: worker.uuid,
    creator_username: worker.creator.username,
    tags: [...worker.tags],
    labels: [...worker.labels],
    created_at: timeToWire(worker.createdAt, reading),
    updated_at: timeToWire(worker.updatedAt, reading),
    state: stateNames[worker.state],
    last_heartbeat: timeToWire(worker.lastHeardAt, reading),
    assigned_task_id: worker.taskUuids[0] ?? null,
  };
}

export function workerFilterFromWire(wire: WorkerFilterFields, team: TeamRef): WorkerFilter {
  return {
    team,
    roles: wire.role ? wire.role.flatMap((text) => roleFromWire(text) ?? []) : undefined,
    tags: wire.tags ? unique(wire.tags) : undefined,
    labels: wire.labels ? unique(wire.labels) : undefined,
    creator: wire.creator_username ?? undefined,
  };
}

/** What is reported to the queue: all but an upload. */
export type QueueOp = Exclude<ReportOp, { Upload: unknown }>;

/** @param teamOf finds the team that a downstream task names
 *  @throws {YardError} invalid */
export async function reportFromWire(
  op: QueueOp,
  reading: Reading,
  teamOf: (name: string) => TeamRef | Promise<TeamRef>,
): Promise<Report> {
  if (op === "Finish") return { kind: "ended", state: "finished" };
  if (op === "Cancel") return { kind: "ended", state: "cancelled" };
  if ("Submit" in op) return { kind: "submit", task: taskFromWire(op.Submit, await teamOf(op.Submit.group_name)) };
  if ("Commit" in op) return { kind: "commit", result: resultFromWire(op.Commit, reading) };
  const state = op.End.state === "Finished" ? "finished" : "cancelled";
  return { kind: "end", state, result: resultFromWire(op.End, reading) };
}

type WireResult = Extract<ReportOp, { Commit: unknown }>["Commit"];

function resultFromWire({ exit_status: status, msg }: WireResult, reading: Reading): TaskResult {
  return { waitStatus: waitStatusFromWire(status, reading), reason: msg ? resultMessages.fromWire(msg) : null };
}

/** As the audit log names it. */
export function workerActor({ uuid }: WorkerIdentity): Actor {
  return { userId: null, username: `worker ${uuid}` };
}

export function endsTask(op: ReportOp): boolean {
  return typeof op === "object" && ("Commit" in op || "End" in op);
}
