/** `/api/fs/labels`, `push` and `reset`: names for snapshots, and the log of where they pointed. */
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf, type Guard } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import {
  HeadReply,
  LabelList,
  LabelLog,
  LabelParams,
  LabelRequest,
  LogQuery,
  ofBody,
  PushAdvanced,
  PushRejected,
  PushRequest,
  ResetRequest,
  requireCaId,
} from "../fs-schemas.ts";
import type { McpV8Parts } from "../parts.ts";
import { security } from "../schemas.ts";

const about = { tags: ["fs"], security };
type Parts = Pick<McpV8Parts, "snapshots">;

export function registerLabelRoutes(app: ApiInstance, parts: Parts, guard: Guard, trail: Trail): void {
  registerReading(app, parts, guard);
  registerSet(app, parts, guard, trail);
  registerPush(app, parts, guard, trail);
  registerReset(app, parts, guard, trail);
}

function registerReading(app: ApiInstance, { snapshots: { labels } }: Parts, guard: Guard): void {
  app.get(
    "/api/fs/labels",
    {
      onRequest: guard("snapshots.view"),
      schema: {
        ...about,
        operationId: "listFsLabels",
        summary: "List the labels",
        response: { 200: LabelList, ...errorReplies(503) },
      },
    },
    async (request) => {
      const found = await labels.list(callerOf(request).teamId);
      return { labels: found.map(({ name, id }) => ({ name, ca_id: id })) };
    },
  );

  app.get(
    "/api/fs/labels/:label",
    {
      onRequest: guard("snapshots.view"),
      schema: {
        ...about,
        operationId: "resolveFsLabel",
        summary: "The snapshot that a label names",
        params: LabelParams,
        response: { 200: HeadReply, ...errorReplies(404, 503) },
      },
    },
    async (request) => {
      const { label } = request.params;
      const head = await labels.get(callerOf(request).teamId, label);
      if (head === undefined) throw new YardError("not_found", `unknown label: ${label}`);
      return { label, ca_id: head };
    },
  );

  app.get(
    "/api/fs/labels/:label/log",
    {
      onRequest: guard("snapshots.view"),
      schema: {
        ...about,
        operationId: "getFsLabelLog",
        summary: "Where a label has pointed",
        params: LabelParams,
        querystring: LogQuery,
        response: { 200: LabelLog, ...errorReplies(400, 503) },
      },
    },
    async (request) => {
      const { label } = request.params;
      const moves = await labels.log(callerOf(request).teamId, label, { limit: request.query.limit });
      const log = moves.map(({ at, from, to, operation, message }) => ({
        ...{ at, from, to, op: operation },
        message: message ?? undefined,
      }));
      return { label, log };
    },
  );
}

function registerSet(app: ApiInstance, { snapshots: { labels } }: Parts, guard: Guard, trail: Trail): void {
  app.post(
    "/api/fs/labels",
    {
      ...ofBody,
      onRequest: guard("snapshots.write"),
      schema: {
        ...about,
        operationId: "setFsLabel",
        summary: "Make a label, or point it elsewhere",
        body: LabelRequest,
        response: { 200: HeadReply, ...errorReplies(400, 413, 415, 422, 429, 503, 507) },
      },
    },
    async (request) => {
      const { teamId, actor } = callerOf(request);
      const { name, ca_id, message } = request.body;
      requireCaId(ca_id);
      const what = { action: "snapshot.label", target: name, details: { to: ca_id } };
      await trail.change(request, actor, what, () =>
        labels.set(teamId, name, { id: ca_id, message: message ?? undefined }),
      );
      return { label: name, ca_id };
    },
  );
}

function registerPush(app: ApiInstance, { snapshots: { labels } }: Parts, guard: Guard, trail: Trail): void {
  app.post(
    "/api/fs/push",
    {
      ...ofBody,
      onRequest: guard("snapshots.write"),
      schema: {
        ...about,
        operationId: "pushFsLabel",
        summary: "Move a label on, unless it has moved since it was looked at",
        body: PushRequest,
        response: { 200: PushAdvanced, 409: PushRejected, ...errorReplies(400, 413, 415, 422, 429, 503, 507) },
      },
    },
    async (request, reply) => {
      const { teamId, actor } = callerOf(request);
      const { ca_id, label, expected, force = false, detach = false, message } = request.body;
      if (detach) return { status: "detached" as const, ca_id };
      if (label == null)
        throw new YardError("invalid", "A label is required, unless detach is true.", { field: "label" });
      requireCaId(ca_id);
      if (!force && expected != null) requireCaId(expected, "expected CA id");
      const target = { id: ca_id, expected: expected ?? undefined, force, message: message ?? undefined };
      const pushed = await labels.push(teamId, label, target);
      if (pushed.status === "rejected")
        return reply.code(409).send({ status: "rejected", label, current: pushed.current });
      const details = { to: ca_id, force };
      await trail.record(request, actor, { action: "snapshot.push", target: label, outcome: "done", details });
      return { status: "advanced" as const, label, ca_id };
    },
  );
}

function registerReset(app: ApiInstance, { snapshots: { labels } }: Parts, guard: Guard, trail: Trail): void {
  app.post(
    "/api/fs/reset",
    {
      ...ofBody,
      onRequest: guard("snapshots.write"),
      schema: {
        ...about,
        operationId: "resetFsLabel",
        summary: "Point a label to where it has been before",
        body: ResetRequest,
        response: { 200: HeadReply, ...errorReplies(400, 413, 415, 422, 429, 503, 507) },
      },
    },
    async (request) => {
      const { teamId, actor } = callerOf(request);
      const { label, ca_id, allow_unlogged: allowUnlogged = false, message } = request.body;
      requireCaId(ca_id);
      const what = { action: "snapshot.reset", target: label, details: { to: ca_id } };
      await trail.change(request, actor, what, () =>
        labels
          .reset(teamId, label, { id: ca_id, allowUnlogged, message: message ?? undefined })
          .catch((error: unknown) => notInReflog(error, ca_id, label)),
      );
      return { label, ca_id };
    },
  );
}

function notInReflog(error: unknown, id: string, label: string): never {
  if (!isYardError(error, "precondition")) throw error;
  throw new YardError(
    "precondition",
    `CA id ${id} is not in the reflog of label '${label}'; set allow_unlogged to go there.`,
  );
}
