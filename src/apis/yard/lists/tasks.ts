/** `GET /yard/v1/tasks` */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { taskPhases } from "../../../tasks/browse.ts";
import type { Task } from "../../../tasks/task.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import { TaskRow, taskRow, textsOfTask } from "../rows/task.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply, placeFormat, valuesOf, WholeNumber } from "./page.ts";
import { teamsAsked } from "./teams.ts";

const places = placeFormat(WholeNumber);
const word = Type.Optional(Type.String({ maxLength: 256 }));

export function registerTaskList(app: ApiInstance, { sees, viewerOf, parts: { tasks } }: ListTools): void {
  app.get(
    "/yard/v1/tasks",
    {
      onRequest: sees("tasks"),
      schema: {
        operationId: "listTasks",
        summary: "Look through the tasks of one's teams, newest first",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          state: Type.Optional(Type.String({ maxLength: 200, description: "One, or several with commas" })),
          ...{ team: word, label: word, tag: word },
        }),
        response: { 200: pageReply(TaskRow, "Tasks"), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { search, state, team, label, tag, after, limit } = request.query;
      const matches = matcherOf(search);
      const { rows, next } = await tasks.page({
        teams: teamsAsked(await viewerOf(request), team),
        phases: valuesOf("state", state, taskPhases),
        ...(label !== undefined && { labels: [label] }),
        ...(tag !== undefined && { tags: [tag] }),
        ...(matches && { matches: (task: Task) => matches(...textsOfTask(task)) }),
        ...{ from: places.read(after), limit },
      });
      return { items: rows.map(taskRow), next: next === undefined ? null : places.write(next) };
    },
  );
}
