/** The shapes of workers on Mitosis' wire, as users and as workers themselves see them. */
import { type Static, Type } from "typebox";
import { keptOutputBytes } from "../../tasks/live-outputs.ts";
import { limits } from "../../tasks/task-limits.ts";
import { mapOf, maybe, nullable, Timestamp, Uuid } from "./schemas.ts";
import { ArtifactType, ClaimedTask, Duration, ResultMessage, SubmitRequest } from "./task-schemas.ts";
import { RoleReply, RoleRequest } from "./team-roles.ts";
import { shutdownOps, workerStates } from "./worker-words.ts";

const Texts = Type.Array(Type.String());

export const RegisterRequest = Type.Object(
  {
    tags: Type.Array(Type.String(), { description: "It gets tasks whose tags it has all of" }),
    labels: Type.Optional(Texts),
    groups: Type.Array(Type.String(), {
      description: "`name` or `name:role` of the groups that it serves, as far as the caller may submit to them",
    }),
    lifetime: maybe(Duration),
    lease: maybe(Duration),
  },
  {
    description:
      "A worker. `lifetime` is its token's; one that is not heard of for its `lease` is lost, and its tasks are ready again",
  },
);

export const RegisterReply = Type.Object(
  {
    worker_id: Type.String(),
    token: Type.String({ description: "Shown this once" }),
    redis_url: nullable(Type.String({ description: "Where workers tell how far their tasks have come" })),
  },
  { description: "It may fetch tasks" },
);

const filterFields = {
  group_name: maybe(Type.String({ description: "Without it the caller's own" })),
  role: maybe(Type.Array(RoleRequest, { description: "Any of them" })),
  tags: maybe(Type.Array(Type.String(), { description: "All of them" })),
  labels: maybe(Type.Array(Type.String(), { description: "All of them" })),
  creator_username: maybe(Type.String()),
};
export const WorkerFilterFields = Type.Object(filterFields);
export type WorkerFilterFields = Static<typeof WorkerFilterFields>;

export const WorkersQuery = Type.Object(
  { ...filterFields, count: Type.Optional(Type.Boolean({ description: "Only how many there are" })) },
  { description: "Which workers" },
);

export const WorkerInfo = Type.Object({
  worker_id: Type.String(),
  creator_username: Type.String(),
  tags: Texts,
  labels: Texts,
  created_at: Timestamp,
  updated_at: Timestamp,
  state: Type.Enum(workerStates.wire),
  last_heartbeat: Timestamp,
  assigned_task_id: nullable(Type.String({ description: "The UUID of the task that it has; of several the first" })),
});

export const WorkersReply = Type.Object(
  { count: Type.Integer(), workers: Type.Array(WorkerInfo), group_name: Type.String() },
  { description: "The workers, or how many there are" },
);

export const WorkerReply = Type.Object(
  { info: WorkerInfo, groups: mapOf(RoleReply) },
  { description: "The worker, and the groups that it serves" },
);

export const WorkerPath = Type.Object({ uuid: Uuid });

export const TagsRequest = Type.Object({ tags: Texts });
export const WorkerLabelsRequest = Type.Object({ labels: Texts });
export const GroupsRequest = Type.Object({
  relations: mapOf(RoleRequest, {
    description: "Role by group. Read: it sees the worker; Write: it is served by it; Admin: it commands it",
  }),
});

const ShutdownOp = Type.Enum(shutdownOps.accepted, {
  description: "Graceful: as soon as it has no task. Force: at once, its tasks are ready again",
});
export const ShutdownQuery = Type.Object({ op: Type.Optional(ShutdownOp) });
export const ShutdownRequest = Type.Object({ ...filterFields, op: ShutdownOp }, { description: "Which workers" });
export const ShutdownReply = Type.Object(
  { shutdown_count: Type.Integer(), group_name: Type.String() },
  { description: "So many are gone, or go as soon as they have no task" },
);
export const ShutdownListRequest = Type.Object({
  uuids: Type.Array(Uuid, { maxItems: limits.listed }),
  op: ShutdownOp,
});
export const ShutdownListReply = Type.Object(
  { shutdown_count: Type.Integer(), failed_uuids: Texts },
  { description: "So many are gone, or go as soon as they have no task" },
);

const exitStatus = Type.Integer({
  minimum: -(2 ** 31),
  maximum: 2 ** 31 - 1,
  description: "As waitpid gives it: exit code n is n × 256, death by signal s is s",
});
const result = { exit_status: exitStatus, msg: maybe(ResultMessage) };

/** One step of a worker's report on a task. */
export const ReportOp = Type.Union(
  [
    Type.Enum(["Finish", "Cancel"], { description: "The command has ended by itself, or was kept from that" }),
    Type.Object({ Commit: Type.Object(result) }, { description: "The task is over, the worker free of it" }),
    Type.Object(
      {
        Upload: Type.Object({
          content_type: ArtifactType,
          content_length: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
        }),
      },
      { description: "Asks where to put an artifact" },
    ),
    Type.Object({ Submit: SubmitRequest }, { description: "A task that is ready once this one is committed" }),
    Type.Object(
      { End: Type.Object({ state: Type.Enum(["Finished", "Cancelled"]), ...result }) },
      { description: "Extension: Finish or Cancel, and Commit, in one" },
    ),
  ],
  { description: "What became of the task" },
);
export type ReportOp = Static<typeof ReportOp>;

export const Report = Type.Object({
  id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "As the task was fetched with" }),
  op: ReportOp,
});
export type WireReport = Static<typeof Report>;
/** One, or many. No union: its faults would be told of neither. */
export const ReportRequest = Type.Object(
  {
    id: Type.Optional(Report.properties.id),
    op: Type.Optional(ReportOp),
    reports: Type.Optional(
      Type.Array(Report, {
        maxItems: limits.reportsPerCall,
        description: "Extension: in the place of `id` and `op`, many at once, done in order",
      }),
    ),
  },
  { description: "What became of a task, or of many" },
);

const ReportDone = Type.Object({ url: nullable(Type.String({ description: "Where to put the artifact" })) });
export const ReportReply = Type.Union(
  [
    ReportDone,
    Type.Object({
      results: Type.Array(
        Type.Union([ReportDone, Type.Object({ error: Type.Object({ status: Type.Integer(), msg: Type.String() }) })]),
      ),
    }),
  ],
  { description: "It is saved. For `reports`, one result each, in their order" },
);

export const FetchReply = Type.Union([ClaimedTask, Type.Object({ tasks: Type.Array(ClaimedTask) }), Type.Null()], {
  description: "The worker's task from now on; null: there is none. With `limit`, all that it was given",
});

export const HeartbeatRequest = Type.Object({
  holds: Type.Array(Uuid, {
    maxItems: limits.reportsPerCall,
    description: "Extension: the tasks that the worker works on",
  }),
  sends: Type.Optional(
    Type.Array(Uuid, {
      maxItems: limits.reportsPerCall,
      description: "Extension, of a worker that can: those whose output it sends already",
    }),
  ),
});
export const HeartbeatReply = nullable(
  Type.Object({
    lost: Type.Array(Type.String(), { description: "Stop these: they were cancelled, or given to another" }),
    watched: Type.Optional(
      Type.Array(Type.String(), {
        description: "Send what these print, by `POST /workers/tasks/{uuid}/output`: somebody looks at it",
      }),
    ),
    draining: Type.Boolean({ description: "No more tasks come; end when those that are held have ended" }),
  }),
);

const PrintedEnd = Type.Object({
  position: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "Of its first byte" }),
  bytes: Type.String({ maxLength: Math.ceil(keptOutputBytes / 3) * 4, description: "Base64" }),
});
export const PrintedRequest = Type.Object(
  { stdout: Type.Optional(PrintedEnd), stderr: Type.Optional(PrintedEnd) },
  { description: "What has been printed since the last time; nothing, to hear whether anybody still looks" },
);
export const PrintedReply = Type.Object({ watched: Type.Boolean({ description: "Whether to go on" }) });
