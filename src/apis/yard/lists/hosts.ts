/** `GET /yard/v1/hosts` */
import { Type } from "typebox";
import { hostStatuses } from "../../../hosts/host-record.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import { type HostRow, HostRow as HostRowSchema, textsOfHost } from "../rows/host.ts";
import { seenHosts } from "../rows/seen-hosts.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply, valuesOf } from "./page.ts";
import { type Orders, sortedPage, sortNames } from "./sorted.ts";

const orders = {
  name: ({ name }) => name.toLowerCase(),
  status: ({ status }) => status,
  seen: ({ lastSeenAt }) => lastSeenAt,
} as const satisfies Orders<HostRow, string>;

export function registerHostList(app: ApiInstance, { sees, viewerOf, parts }: ListTools): void {
  app.get(
    "/yard/v1/hosts",
    {
      onRequest: sees("hosts"),
      schema: {
        operationId: "listHosts",
        summary: "Look through the hosts, each with what it uses",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          sort: Type.Enum(sortNames(orders), { default: "name" }),
          status: Type.Optional(Type.String({ maxLength: 200, description: "One, or several with commas" })),
        }),
        response: { 200: pageReply(HostRowSchema, "Hosts"), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { search, status, ...page } = request.query;
      const statuses = valuesOf("status", status, hostStatuses);
      const matches = matcherOf(search);
      const rows = seenHosts(parts, await viewerOf(request)).filter(
        (row) => (statuses?.includes(row.status) ?? true) && (matches?.(...textsOfHost(row)) ?? true),
      );
      return sortedPage(rows, page, { orders, idOf: ({ id }) => id });
    },
  );
}
