/** `GET /yard/v1/apps` */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer, principalOf } from "../guard.ts";
import { type AppRow, AppRow as AppRowSchema, appRow, appStates, textsOfApp } from "../rows/app.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply, valuesOf } from "./page.ts";
import { type Orders, sortedPage, sortNames } from "./sorted.ts";

const orders = {
  name: ({ name }) => name.toLowerCase(),
  state: ({ state }) => state,
  started: ({ startedAt }) => startedAt,
  created: ({ createdAt }) => createdAt,
} as const satisfies Orders<AppRow, string>;

export function registerAppList(app: ApiInstance, { sees, parts: { apps, clock } }: ListTools): void {
  app.get(
    "/yard/v1/apps",
    {
      onRequest: sees("apps"),
      schema: {
        operationId: "listApps",
        summary: "Look through the apps",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          sort: Type.Enum(sortNames(orders), { default: "name" }),
          name: Type.Optional(Type.String({ maxLength: 200, description: "Of one app alone" })),
          state: Type.Optional(Type.String({ maxLength: 200, description: "One, or several with commas" })),
        }),
        response: { 200: pageReply(AppRowSchema, "Apps"), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { search, name, state, ...page } = request.query;
      const states = valuesOf("state", state, appStates);
      const matches = matcherOf(search);
      const now = clock.now();
      const rows = (await apps.listAccessible(principalOf(request)))
        .filter(({ app }) => name === undefined || app.name === name)
        .map((one) => appRow(one, now))
        .filter((row) => (!states || states.includes(row.state)) && (!matches || matches(...textsOfApp(row))));
      return sortedPage(rows, page, { orders, idOf: ({ id }) => id });
    },
  );
}
