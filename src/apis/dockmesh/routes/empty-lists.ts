/** Lists that clients ask for again and again, of what this server does not have; and the proxy that it does not run. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { type Gate, guardOf } from "../gates.ts";
import { basePath, bearer, open } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

interface EmptyList {
  readonly path: string;
  readonly tag: string;
  readonly id: string;
  /** Of what it would be. */
  readonly of: string;
  readonly gate: Gate;
  /** Of numbers, that clients send. */
  readonly query?: readonly string[];
}

const [admins, anybody] = [{ gate: "user.manage" }, { gate: "signed-in" }] as const;
const lists: readonly EmptyList[] = [
  { path: "/backups/jobs", tag: "backups", id: "backups.list_jobs", of: "planned backups", ...admins },
  {
    ...{ path: "/backups/runs", tag: "backups", id: "backups.list_runs", of: "backups that were made", ...admins },
    query: ["job_id", "limit"],
  },
  { path: "/backups/targets", tag: "backups", id: "backups.list_targets", of: "places for backups", ...admins },
  { path: "/proxy/routes", tag: "proxy", id: "proxy.list_routes", of: "routes of the proxy", ...admins },
  {
    ...{ path: "/migrations", tag: "migrations", id: "migrations.list", of: "stacks that were moved", ...anybody },
    query: ["limit"],
  },
  { path: "/migrations/active", tag: "migrations", id: "migrations.active", of: "stacks on the move", ...anybody },
];

export const openEmptyLists = lists.filter(({ gate }) => gate === "open").map(({ path }) => `GET ${basePath}${path}`);

export function registerEmptyLists(app: ApiInstance, { guards }: Pick<Toolbox, "guards">): void {
  for (const { path, tag, id, of, gate, query = [] } of lists) {
    app.get(
      `${basePath}${path}`,
      {
        ...guardOf(guards, gate),
        schema: {
          ...{ operationId: id, summary: `List ${of}: there are none`, tags: [tag] },
          security: gate === "open" ? open : bearer,
          querystring: Type.Object(Object.fromEntries(query.map((name) => [name, Type.Optional(Type.Integer())]))),
          response: {
            200: Type.Array(Type.Unknown(), { maxItems: 0 }),
            ...(query.length > 0 && errorReplies(400)),
            ...(gate === "open" ? errorReplies() : errorReplies(401, 403)),
          },
        },
      },
      async () => [],
    );
  }
  registerProxyStatus(app, { guards });
}

function registerProxyStatus(app: ApiInstance, { guards }: Pick<Toolbox, "guards">): void {
  app.get(
    `${basePath}/proxy/status`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        operationId: "proxy.status",
        summary: "Whether the server runs a reverse proxy: it does not",
        ...{ tags: ["proxy"], security: bearer },
        response: {
          200: Type.Object({
            enabled: Type.Boolean(),
            running: Type.Boolean(),
            admin_ok: Type.Boolean({ description: "Whether it can be told its routes" }),
            container_state: Type.Enum(["running", "stopped", "missing"]),
            routes_count: Type.Integer(),
            last_sync_at: Type.Optional(Type.String({ format: "date-time" })),
            last_error: Type.Optional(Type.String()),
          }),
          ...errorReplies(401, 403),
        },
      },
    },
    async () => ({
      ...{ enabled: false, running: false, admin_ok: false },
      ...{ container_state: "missing" as const, routes_count: 0 },
    }),
  );
}
