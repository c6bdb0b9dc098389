/** `GET /yard/v1/containers` */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import {
  type ContainerRow,
  ContainerRow as ContainerRowSchema,
  hostColumns,
  textsOfContainer,
} from "../rows/container.ts";
import { seenContainers } from "../rows/seen-containers.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply } from "./page.ts";
import { type Orders, sortedPage, sortNames } from "./sorted.ts";

const orders = {
  name: ({ name }) => name.toLowerCase(),
  state: ({ state }) => state,
  host: ({ hostName }) => hostName.toLowerCase(),
  created: ({ createdAt }) => createdAt,
} as const satisfies Orders<ContainerRow, string>;

const word = Type.Optional(Type.String({ maxLength: 256 }));
const Reply = Type.Object({
  ...pageReply(ContainerRowSchema, "").properties,
  unreachable: Type.Array(Type.Object({ ...hostColumns, reason: Type.String() }), {
    description: "Hosts whose containers are not in the list: their engine does not answer",
  }),
});

export function registerContainerList(app: ApiInstance, { sees, viewerOf, parts }: ListTools): void {
  app.get(
    "/yard/v1/containers",
    {
      onRequest: sees("containers"),
      schema: {
        operationId: "listContainers",
        summary: "Look through the containers of all hosts",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          sort: Type.Enum(sortNames(orders), { default: "name" }),
          state: Type.Optional(Type.String({ maxLength: 200, description: "One, or several with commas" })),
          ...{ host: word, stack: word },
        }),
        response: { 200: Reply, ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { search, state, host, stack, ...page } = request.query;
      const states = state ? state.split(",") : undefined; // engines have their own words
      const matches = matcherOf(search);
      const { containers, unreachable } = await seenContainers(parts, await viewerOf(request));
      const rows = containers.filter(
        (row) =>
          (states?.includes(row.state) ?? true) &&
          (host === undefined || row.hostId === host) &&
          (stack === undefined || row.stack === stack) &&
          (matches?.(...textsOfContainer(row)) ?? true),
      );
      const idOf = ({ hostId, id }: ContainerRow) => `${hostId} ${id}`;
      return { ...sortedPage(rows, page, { orders, idOf }), unreachable: [...unreachable] };
    },
  );
}
