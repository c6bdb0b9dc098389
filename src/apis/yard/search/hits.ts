/** What a search finds in each kind of rows. Only what somebody may see is looked through. */
import { type Static, Type } from "typebox";
import { maySee, type RowKind, type Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { seenStacks } from "../overview/look.ts";
import { seenContainers } from "../rows/seen-containers.ts";
import { seenHosts } from "../rows/seen-hosts.ts";
import { commandOf } from "../rows/task.ts";
import { OptionalText } from "../rows/texts.ts";

export const hitKinds = ["app", "capsule", "task", "execution", "heap", "stack", "container", "host", "user"] as const;

export const Hit = Type.Object({
  kind: Type.Enum([...hitKinds]),
  id: Type.String(),
  name: Type.String(),
  where: OptionalText,
  hostId: Type.Optional(Type.String({ description: "Of a container, as `?host=` of Dockmesh takes it" })),
});
export type Hit = Static<typeof Hit>;

/** Of one kind; more are cut off by the best of all. */
const mostOfKind = 20;
const engineMs = 500;
/** Beginnings of ids that are worth looking for. */
const hashBeginning = /^[0-9a-f]{8,64}$/i;
const uuidBeginning = /^[0-9a-f]{8}(?:-[0-9a-f-]{0,27})?$/i;

/** All that there is of what has a name, from which the best are chosen; of what is many, only what the text may be an id of. */
export async function findHits(parts: ConsoleParts, viewer: Viewer, text: string): Promise<Hit[]> {
  const finders: readonly [RowKind, () => Promise<readonly Hit[]>][] = [
    ["apps", () => findApps(parts, viewer)],
    ["stacks", () => findStacks(parts, viewer)],
    [
      "hosts",
      async () => seenHosts(parts, viewer).map(({ id, name, team }) => ({ kind: "host", id, name, where: team })),
    ],
    ["users", () => findUsers(parts)],
    ["containers", () => findContainers(parts, viewer)],
    ["capsules", () => findCapsules(parts, viewer)],
    ["tasks", () => findTasks(parts, viewer, text)],
    ["executions", () => findExecutions(parts, viewer, text)],
    ["executions", () => findHeaps(parts, viewer, text)],
  ];
  const seen = finders.filter(([kind]) => maySee(parts.access, viewer.principal, kind));
  return (await Promise.all(seen.map(([, find]) => find()))).flat();
}

async function findApps({ apps }: ConsoleParts, { principal }: Viewer): Promise<Hit[]> {
  const all = await apps.listAccessible(principal);
  return all.map(({ app: { id, name, ownerName } }) => ({ kind: "app", id, name, where: ownerName }));
}

async function findStacks(parts: ConsoleParts, viewer: Viewer): Promise<Hit[]> {
  const names = new Map(parts.hosts.records().map(({ id, name }) => [id, name]));
  return (await seenStacks(parts, viewer)).map(({ name, hostId }) => ({
    ...{ kind: "stack", id: name, name },
    where: hostId === undefined ? null : (names.get(hostId) ?? hostId),
  }));
}

async function findUsers({ users }: ConsoleParts): Promise<Hit[]> {
  return (await users.list()).map(({ id, username, displayName }) => ({
    ...{ kind: "user", id, name: username },
    where: displayName === username ? null : displayName,
  }));
}

async function findContainers(parts: ConsoleParts, viewer: Viewer): Promise<Hit[]> {
  const { containers } = await seenContainers(parts, viewer, { timeoutMs: engineMs });
  return containers.map(({ id, name, hostId, hostName }) => ({ kind: "container", id, name, where: hostName, hostId }));
}

/** Those that are not over; their ids are as they are shown. */
async function findCapsules({ capsules, words }: ConsoleParts, { teams }: Viewer): Promise<Hit[]> {
  const { rows } = await capsules.page({ teamIds: [...teams.keys()], from: undefined, limit: 5_000 });
  return rows.map(({ id, template, teamId }) => ({
    ...{ kind: "capsule", id: words.idToWire("capsule", id), name: template },
    where: teams.get(teamId)?.name ?? null,
  }));
}

async function findTasks({ tasks }: ConsoleParts, { teams }: Viewer, text: string): Promise<Hit[]> {
  if (!uuidBeginning.test(text)) return [];
  const found = await tasks.withUuid([...teams.values()], text, mostOfKind);
  return found.map((task) => ({
    kind: "task",
    id: task.uuid,
    name: commandOf(task) || `#${task.number}`,
    where: task.team.name,
  }));
}

async function findExecutions({ executions }: ConsoleParts, { ownTeamId }: Viewer, text: string): Promise<Hit[]> {
  if (!uuidBeginning.test(text)) return [];
  const found = await executions.withId(ownTeamId, text, mostOfKind);
  return found.map(({ id, session, status }) => ({ kind: "execution", id, name: session ?? status, where: session }));
}

async function findHeaps({ executions }: ConsoleParts, { ownTeamId }: Viewer, text: string): Promise<Hit[]> {
  if (!hashBeginning.test(text)) return [];
  const found = await executions.heapsWithId(ownTeamId, text, mostOfKind);
  return found.map((id) => ({ kind: "heap", id, name: id, where: null }));
}
