/** `POST /workers/tasks`: a worker says what became of its tasks, one step at a time or many at once. */
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { absoluteUrl } from "../../../platform/http/origin.ts";
import { workerOf } from "../callers.ts";
import { bodyStatuses, errorReplies, errorToWire, statusFor, wrongShape } from "../errors.ts";
import { artifactRef } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { batchBodyLimitBytes, workerSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { createReporter, type Outcome } from "../worker-reports.ts";
import { ReportReply, ReportRequest, type WireReport } from "../worker-schemas.ts";
import { endsTask, workerActor } from "../worker-words.ts";

type Parts = Pick<MitosisParts, "workers" | "files" | "teamDirectory">;

export function registerReports(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  const { guards, readingOf } = toolbox;
  const { workers, teamDirectory, files } = parts;
  const reporter = createReporter({
    ...{ workers, teamDirectory },
    upload: async ({ team, uuid }, artifact, bytes) =>
      (await files.begin({ team, file: artifactRef(uuid, artifact), bytes, isOnlyOne: true })).url,
  });

  app.post(
    "/workers/tasks",
    {
      onRequest: guards.worker(),
      bodyLimit: batchBodyLimitBytes,
      schema: {
        operationId: "reportTask",
        summary: "Report on tasks",
        description:
          "What a worker does not have, or has no more, is 404, and nothing changes. For a task: Finish or Cancel, then Upload for each artifact, Submit if need be, and Commit.",
        tags: ["Workers"],
        security: workerSecurity,
        body: ReportRequest,
        response: { 200: ReportReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 429, 503) },
      },
    },
    async (request) => {
      const { id, op, reports } = request.body;
      const worker = workerOf(request);
      const reading = readingOf(request);
      const toWire = (outcome: Outcome) => ({ url: outcome && absoluteUrl(request, outcome) });
      if (reports === undefined) {
        if (id === undefined || op === undefined) throw wrongShape(id === undefined ? "id" : "op", "is required");
        const outcome = await reporter.report(worker, { id, op }, reading);
        recordEnds(request, [{ id, op }], toolbox);
        return toWire(outcome);
      }
      const outcomes = await reporter.reportAll(worker, reports, reading);
      recordEnds(
        request,
        reports.filter((_, i) => !(outcomes[i] instanceof YardError)),
        toolbox,
      );
      return {
        results: outcomes.map((outcome) =>
          outcome instanceof YardError ? { error: faultToWire(outcome, request) } : toWire(outcome),
        ),
      };
    },
  );
}

function faultToWire(error: YardError, request: ApiRequest) {
  return { status: statusFor(error, request), msg: errorToWire(error).msg };
}

/** One entry for all that end together, by the numbers they were fetched with. Of what comes before the end the queue's own rows tell. */
function recordEnds(request: ApiRequest, done: readonly WireReport[], { trail }: Toolbox): void {
  const tasks = done.filter(({ op }) => endsTask(op)).map(({ id }) => id);
  if (tasks.length === 0) return;
  const worker = workerOf(request);
  const what = { action: "task.end", target: worker.uuid, outcome: "done", details: { tasks } } as const;
  trail.recordSoon(request, workerActor(worker), what);
}
