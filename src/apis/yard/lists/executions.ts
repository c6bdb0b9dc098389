/** `GET /yard/v1/executions` */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { Execution } from "../../../scripts/execution.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import { ExecutionRow, executionRow, executionStatuses, textsOfExecution } from "../rows/execution.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply, placeFormat, valuesOf, WholeNumber } from "./page.ts";

const places = placeFormat(Type.Object({ createdAt: WholeNumber, id: Type.String() }));

export function registerExecutionList(app: ApiInstance, { sees, viewerOf, parts: { executions } }: ListTools): void {
  app.get(
    "/yard/v1/executions",
    {
      onRequest: sees("executions"),
      schema: {
        operationId: "listExecutions",
        summary: "Look through one's executions of scripts, newest first",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          status: Type.Optional(Type.String({ maxLength: 200, description: "One, or several with commas" })),
          session: Type.Optional(Type.String({ maxLength: 256 })),
        }),
        response: { 200: pageReply(ExecutionRow, "Executions"), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { search, status, session, after, limit } = request.query;
      const matches = matcherOf(search);
      const { rows, next } = await executions.page({
        teamId: (await viewerOf(request)).ownTeamId,
        statuses: valuesOf("status", status, executionStatuses),
        ...(session !== undefined && { session }),
        ...(matches && { matches: (execution: Execution) => matches(...textsOfExecution(execution)) }),
        ...{ from: places.read(after), limit },
      });
      return { items: rows.map(executionRow), next: next === undefined ? null : places.write(next) };
    },
  );
}
