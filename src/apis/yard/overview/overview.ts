/** `GET /yard/v1/overview`: what is wrong, what runs, what happened, and how much it takes. */
import { type Static, Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { maySee, type Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard } from "../guard.ts";
import type { ListTools } from "../lists/list-tools.ts";
import { EventRow, eventRow } from "../rows/event.ts";
import { Moment } from "../rows/texts.ts";
import { LoadOverTime, loadSeen } from "./load.ts";
import { type Look, lookAround } from "./look.ts";
import { Wrong, wrongOf } from "./wrong.ts";

const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);
const counts = orNull(Type.Record(Type.String(), Type.Integer()));

const Runs = Type.Object({
  apps: counts,
  capsules: counts,
  tasks: orNull(
    Type.Object({
      pending: Type.Integer(),
      queued: Type.Integer(),
      running: Type.Integer(),
      failedLastHour: Type.Integer({ description: "Counted up to a thousand" }),
    }),
  ),
  executions: orNull(Type.Object({ running: Type.Integer() })),
  containers: orNull(
    Type.Object({
      running: Type.Integer(),
      stopped: Type.Integer(),
      unhealthy: Type.Integer(),
      unreachableHosts: Type.Integer(),
    }),
  ),
  stacks: counts,
  hosts: counts,
});

const Overview = Type.Object(
  {
    at: Moment,
    wrong: Wrong,
    runs: Runs,
    happened: orNull(Type.Array(EventRow, { description: "Newest first" })),
    load: orNull(LoadOverTime),
  },
  { description: "A part is null for whom may not see it" },
);

const lastEvents = 20;

export function registerOverviewRoute(app: ApiInstance, { viewerOf, parts }: ListTools, guard: Guard): void {
  app.get(
    "/yard/v1/overview",
    {
      onRequest: guard(),
      schema: {
        operationId: "getOverview",
        summary: "What is wrong, what runs, what happened, and how much it takes",
        tags: ["Overview"],
        security: bearer,
        response: { 200: Overview, ...errorReplies(401, 503) },
      },
    },
    async (request) => {
      const viewer = await viewerOf(request);
      const [look, happened] = await Promise.all([lookAround(parts, viewer), lastEventsSeen(parts, viewer)]);
      return {
        at: look.at,
        wrong: wrongOf(look, parts),
        runs: runsOf(look),
        happened,
        load: look.hosts === undefined ? null : loadSeen(parts, viewer),
      };
    },
  );
}

async function lastEventsSeen({ access, events, words }: ConsoleParts, { principal }: Viewer) {
  if (!maySee(access, principal, "events")) return null;
  const { rows } = await events.page({ order: "newest", from: undefined, limit: lastEvents });
  return rows.map((event) => eventRow(event, words));
}

function runsOf(look: Look): Static<typeof Runs> {
  const { apps, capsules, tasks, executionsRunning, containers, stacks, hosts } = look;
  return {
    apps: apps ? countBy(apps, ({ state }) => state) : null,
    capsules: capsules?.counts ?? null,
    tasks: tasks ? { ...tasks.counts, failedLastHour: tasks.failed.count } : null,
    executions: executionsRunning === undefined ? null : { running: executionsRunning },
    containers: containers
      ? {
          ...countContainers(containers.containers),
          unreachableHosts: containers.unreachable.length,
        }
      : null,
    stacks: stacks ?? null,
    hosts: hosts ? countBy(hosts, ({ status }) => status) : null,
  };
}

function countContainers(containers: NonNullable<Look["containers"]>["containers"]) {
  const counted = { running: 0, stopped: 0, unhealthy: 0 };
  for (const { state, health } of containers) {
    if (state === "running") counted.running += 1;
    else if (state === "exited" || state === "dead" || state === "created") counted.stopped += 1;
    if (health === "unhealthy") counted.unhealthy += 1;
  }
  return counted;
}

function countBy<Row>(rows: readonly Row[], wordOf: (row: Row) => string): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const row of rows) counted[wordOf(row)] = (counted[wordOf(row)] ?? 0) + 1;
  return counted;
}
