/** Rows of the yard's own tables. Every yard tells all others of those that it changes (`rows.changed`). */
import { accessOf, type Owned } from "../../../apps/access.ts";
import type { ChangedRow } from "../../../platform/bus/row-changes.ts";
import type { Gathering } from "../../../platform/gathering.ts";
import type { Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { subjectShown } from "../rows/event.ts";
import { gathered } from "./gathered.ts";
import type { AddressedChange, Source, Sources, Topic } from "./topics.ts";

type Parts = Pick<ConsoleParts, "apps" | "tasks" | "words" | "bus" | "log">;

export function rowSources(parts: Parts): Pick<Sources, "apps" | "capsules" | "tasks" | "executions" | "events"> {
  const failed = (error: unknown) =>
    parts.log.warn({ err: error }, "who sees the rows that have changed could not be found out");
  const source = (
    topic: Topic,
    address: (rows: readonly ChangedRow[]) => Promise<readonly AddressedChange[]>,
  ): Source => gathered({ listen: (heard) => listenTo(parts, topic, heard), address, failed });
  return {
    apps: (tell) => source("apps", addressApps(parts))(tell),
    tasks: source("tasks", (rows) => addressTasks(parts, rows)),
    capsules: source("capsules", async (rows) =>
      rows.map((row) => ({
        change: { id: parts.words.idToWire("capsule", row.id), kind: row.kind },
        isFor: ({ teams }) => row.teamId !== undefined && teams.has(row.teamId),
      })),
    ),
    executions: source("executions", async (rows) => rows.map((row) => addressed(row, ofOwnTeam(row.teamId)))),
    events: source("events", async (rows) =>
      rows.map(({ id, kind }) => ({ change: { id: subjectShown(id, parts.words), kind }, isFor: () => true })),
    ),
  };
}

function listenTo({ bus }: Parts, topic: Topic, heard: Gathering<ChangedRow>): Disposable {
  using opened = new DisposableStack();
  opened.use(
    bus.subscribe("rows.changed", ({ of, isAll, rows }) => {
      if (of !== topic) return;
      if (isAll) heard.lose();
      else for (const row of rows) heard.add(row.id, row);
    }),
  );
  if (topic === "tasks") {
    opened.use(
      bus.subscribe("task.ended", ({ taskUuids }) => {
        for (const id of taskUuids) heard.add(id, { id, kind: "changed" });
      }),
    );
  }
  return opened.move();
}

function addressed({ id, kind }: ChangedRow, isFor: (viewer: Viewer) => boolean): AddressedChange {
  return { change: { id, kind }, isFor };
}

function ofOwnTeam(teamId: string | undefined): (viewer: Viewer) => boolean {
  return ({ ownTeamId }) => teamId === ownTeamId;
}

/** Who may see an app that is gone is told by what was known of it at the last look. */
function addressApps({ apps }: Parts): (rows: readonly ChangedRow[]) => Promise<readonly AddressedChange[]> {
  let before: Promise<ReadonlyMap<string, Owned>> = apps.owned();
  before.catch(() => {}); // who needs it is told
  return async (rows) => {
    const gone = await before.catch(() => new Map<string, Owned>());
    const now = await apps.owned();
    before = Promise.resolve(now);
    return rows.flatMap((row) => {
      const owned = now.get(row.id) ?? gone.get(row.id);
      return owned ? [addressed(row, ({ principal }) => accessOf(principal, owned) !== "none")] : [];
    });
  };
}

async function addressTasks({ tasks }: Parts, rows: readonly ChangedRow[]): Promise<readonly AddressedChange[]> {
  const teamOf = await tasks.teamsOf(rows.map(({ id }) => id));
  return rows.flatMap((row) => {
    const teamId = teamOf.get(row.id);
    return teamId === undefined ? [] : [addressed(row, ({ teams }) => teams.has(teamId))];
  });
}
