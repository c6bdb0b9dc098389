/** What the yard's parts tell each other: each topic with its event. Events are plain JSON, so that a bus between several
 *  processes can carry them, and small: they say what to look at again, not what it looks like now. The schemas are what an
 *  event from another process is checked by; whoever adds a topic adds its schema here, and its type follows. */
import { type Static, Type } from "typebox";

export const topicSchemas = {
  /** A login has ended: logoff, expiry of a family, a lock. */
  "session.revoked": Type.Object({ sessionId: Type.String() }),
  /** A user's state, password, roles, teams or token epoch. */
  "user.changed": Type.Object({ userId: Type.String() }),
  /** What a role grants. */
  "role.changed": Type.Object({ name: Type.String() }),
  /** Added, changed or removed. */
  "app.changed": Type.Object({ appId: Type.String(), name: Type.String() }),
  /** Added, joined, changed, connected to a yard, or removed. */
  "host.changed": Type.Object({ hostId: Type.String() }),
  /** A stored setting, by its key. */
  "setting.changed": Type.Object({ key: Type.String() }),
  /** Somebody wants the end of an execution that may run on another yard. */
  "execution.cancelled": Type.Object({ executionId: Type.String() }),
  /** So many more tasks of these queues wait for a worker now. */
  "task.ready": Type.Object({ queues: Type.Array(Type.Object({ queueId: Type.Integer(), count: Type.Integer() })) }),
  "task.ended": Type.Object({ taskUuids: Type.Array(Type.String()) }),
  /** What a worker may take, what it holds, whether it goes on or is there at all. */
  "worker.changed": Type.Object({ workerUuid: Type.String() }),
  /** Rows of a list that people look at: at most so many times a second, and `isAll` in place of more than are worth naming. */
  "rows.changed": Type.Object({
    of: Type.String(),
    isAll: Type.Boolean(),
    rows: Type.Array(
      Type.Object({
        id: Type.String(),
        kind: Type.Enum(["added", "changed", "removed"]),
        /** Whose it is, where a team's. */
        teamId: Type.Optional(Type.String()),
      }),
    ),
  }),
  /** Something was done with a stack or became of a host: `stack.deploy`, `host.online`. For who watches the fleet, who is told all there is to it. */
  "fleet.event": Type.Object({
    type: Type.String(),
    /** Of what it is about. */
    name: Type.Optional(Type.String()),
    hostId: Type.Optional(Type.String()),
    /** What is to be said of it: of `stack.step`, the step. */
    message: Type.Optional(Type.String()),
    /** A user's name; absent: nobody's doing. */
    actor: Type.Optional(Type.String()),
    /** Milliseconds since 1970. */
    at: Type.Number(),
  }),
};

export type Topics = { [Topic in keyof typeof topicSchemas]: Readonly<Static<(typeof topicSchemas)[Topic]>> };
