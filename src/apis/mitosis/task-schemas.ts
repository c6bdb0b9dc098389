/** The shapes of tasks on Mitosis' wire. Unknown fields are ignored; `null` for a field that may be left out equals an absent one. */
import { type Static, Type } from "typebox";
import { isYardError } from "../../platform/errors.ts";
import { limits } from "../../tasks/task-limits.ts";
import { durationFromWire } from "./durations.ts";
import { mapOf, maybe, nullable, Timestamp, Uuid } from "./schemas.ts";
import { artifactTypes, execStates, resultMessages, states } from "./task-words.ts";

export const Duration = Type.Refine(
  Type.String({ description: "As 10m, 1h 30min or 2days" }),
  isDuration,
  () => "must be a duration such as 10m, 1h 30min or 2days",
);

function isDuration(text: string): boolean {
  try {
    return durationFromWire(text, "") >= 0;
  } catch (error) {
    if (isYardError(error, "invalid")) return false;
    throw error;
  }
}

/** Beyond is 32 bits with a sign no more. */
const int32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
const Texts = Type.Array(Type.String());

export const ArtifactType = Type.Enum(artifactTypes.accepted, {
  description: "result, exec-log or std-log; the other spellings are what older clients send",
});
const TaskState = Type.Enum(states.accepted);

const RemoteResource = Type.Union([
  Type.Object({ Artifact: Type.Object({ uuid: Uuid, content_type: ArtifactType }) }),
  Type.Object({ Attachment: Type.Object({ key: Type.String() }) }),
]);

const Resource = Type.Object({
  remote_file: RemoteResource,
  local_path: Type.String({ description: "Below the task's directory of resources" }),
});

/** What a worker runs, as clients send it. */
export const TaskSpec = Type.Object({
  args: Type.Array(Type.String(), { description: "Program and arguments; no shell" }),
  envs: Type.Optional(mapOf(Type.String())),
  resources: Type.Optional(Type.Array(Resource)),
  terminal_output: Type.Optional(Type.Boolean({ description: "Keep what it prints, as std-log" })),
  watch: maybe(
    Type.Tuple([Uuid, Type.Enum(execStates.wire)], {
      description: "A task and how far it must have come before this one starts",
    }),
  ),
});

export const SubmitRequest = Type.Object(
  {
    group_name: Type.String(),
    tags: Type.Array(Type.String(), { description: "A worker must have all of them" }),
    labels: Texts,
    timeout: Duration,
    priority: Type.Integer({ ...int32, description: "The larger goes first; among equals the older" }),
    task_spec: TaskSpec,
  },
  { description: "A task" },
);
export type SubmitRequest = Static<typeof SubmitRequest>;

export const SubmitReply = Type.Object(
  {
    task_id: Type.Integer({ description: "Counts the group's tasks, from 1" }),
    uuid: Type.String(),
  },
  { description: "It is saved" },
);

export const BatchRequest = Type.Object({ tasks: Type.Array(SubmitRequest) }, { description: "Many tasks" });
/** The same, before the tasks were looked at. */
export const BatchEnvelope = Type.Object({ tasks: Type.Array(Type.Unknown()) });

/** `Ok` or `Err`. No union: to tell its branches apart takes longer than all the rest of a reply with ten thousand of them. */
const BatchResult = Type.Object({
  Ok: Type.Optional(SubmitReply),
  Err: Type.Optional(Type.Object({ msg: Type.String() })),
});
export const BatchReply = Type.Object(
  { results: Type.Array(BatchResult) },
  { description: "`Ok` or `Err` for each task, in the order given" },
);

export const ChangeRequest = Type.Object(
  {
    tags: maybe(Texts),
    timeout: maybe(Duration),
    priority: maybe(Type.Integer(int32)),
    task_spec: maybe(TaskSpec),
  },
  { description: "What is to be another; at least one" },
);

export const TaskPath = Type.Object({ uuid: Uuid });

export const LabelsRequest = Type.Object({ labels: Texts });

const comparison = (what: string) =>
  maybe(Type.String({ description: `${what}: a number, with =, !=, <, <=, > or >= before it if need be` }));

/** All that is given must hold. */
export const filterFields = {
  creator_usernames: maybe(Type.Array(Type.String(), { description: "Any of them" })),
  group_name: maybe(Type.String({ description: "Without it the caller's own" })),
  tags: maybe(Type.Array(Type.String(), { description: "All of them" })),
  labels: maybe(Type.Array(Type.String(), { description: "All of them" })),
  states: maybe(Type.Array(TaskState, { description: "Any of them" })),
  exit_status: comparison("The wait status of tasks that have a result"),
  priority: comparison("The priority"),
};
const reporter = { reporter_uuid: maybe(Uuid) };
const size = (description: string) =>
  maybe(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description }));

/** A page of a list. */
export const pageFields = {
  limit: size("At most so many; the server has a bound of its own"),
  offset: size("Skip so many"),
};

export const TaskFilterFields = Type.Object({ ...filterFields, ...reporter });
export type TaskFilterFields = Static<typeof TaskFilterFields>;

export const QueryRequest = Type.Object(
  {
    ...filterFields,
    ...reporter,
    ...pageFields,
    count: Type.Optional(Type.Boolean({ description: "Only how many there are, without regard to the page" })),
  },
  { description: "Which tasks" },
);

export const CancelRequest = Type.Object(filterFields, { description: "Which tasks" });
export const CancelReply = Type.Object(
  { cancelled_count: Type.Integer(), group_name: Type.String() },
  { description: "They are over" },
);
export const UuidsRequest = Type.Object(
  { uuids: Type.Array(Uuid, { maxItems: limits.listed }) },
  { description: "Which ones" },
);
export const CancelListReply = Type.Object(
  { cancelled_count: Type.Integer(), failed_uuids: Texts },
  { description: "Those that could be cancelled are over" },
);

const SpecReply = Type.Object({
  args: Texts,
  envs: mapOf(Type.String()),
  resources: Type.Array(Resource),
  terminal_output: Type.Boolean(),
  // The serialiser takes no item of a tuple whose type it is not told.
  watch: nullable(Type.Tuple([Type.String(), Type.Enum(execStates.wire, { type: "string" })])),
});

export const ResultMessage = Type.Enum(resultMessages.wire);

const info = {
  uuid: Type.String(),
  reporter_uuid: nullable(Type.String({ description: "The worker that ended it" })),
  creator_username: Type.String(),
  group_name: Type.String(),
  task_id: Type.Integer(),
  tags: Texts,
  labels: Texts,
  created_at: Timestamp,
  updated_at: Timestamp,
  state: TaskState,
  timeout: Type.Integer({ description: "Seconds" }),
  priority: Type.Integer(),
  spec: SpecReply,
  result: nullable(
    Type.Object({
      exit_status: Type.Integer({ description: "As waitpid gives it: exit code n is n × 256, death by signal s is s" }),
      msg: nullable(ResultMessage),
    }),
  ),
  upstream_task_uuid: nullable(Type.String()),
  downstream_task_uuid: nullable(Type.String()),
};
export const TaskInfo = Type.Object(info);

export const QueryReply = Type.Object(
  { count: Type.Integer(), tasks: Type.Array(TaskInfo), group_name: Type.String() },
  { description: "Those that are not over before those that are, the oldest first" },
);

export const ArtifactInfo = Type.Object({
  content_type: Type.Enum(artifactTypes.wire),
  size: Type.Integer({ description: "Bytes" }),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export const TaskReply = Type.Object(
  { info: TaskInfo, artifacts: Type.Array(ArtifactInfo) },
  { description: "The task as it is now" },
);

export const ClaimedTask = Type.Object({
  id: Type.Integer({ description: "To report by" }),
  uuid: Type.String(),
  timeout: Type.String({ description: "A duration" }),
  upstream_task_uuid: nullable(Type.String()),
  spec: SpecReply,
});

/** For Mitosis' own worker as users see it, for others as it was fetched. */
export const WorkerTaskReply = Type.Union([ClaimedTask, TaskReply], { description: "The task as it is now" });
