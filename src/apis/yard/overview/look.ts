/** One look at all that somebody sees: what the parts of the overview are made of, each read once. */
import type { Capsule } from "../../../capsules/capsule.ts";
import { isYardError } from "../../../platform/errors.ts";
import { type Access, maySee, type RowKind, type Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { type AppRow, appRow } from "../rows/app.ts";
import type { HostRow } from "../rows/host.ts";
import { type SeenContainers, seenContainers } from "../rows/seen-containers.ts";
import { seenHosts } from "../rows/seen-hosts.ts";

/** A part is undefined for whom may not see it. */
export interface Look {
  readonly at: number;
  readonly viewer: Viewer;
  readonly apps: readonly AppRow[] | undefined;
  readonly capsules:
    | { readonly counts: Readonly<Record<string, number>>; readonly troubled: readonly Capsule[] }
    | undefined;
  readonly tasks: TasksSeen | undefined;
  readonly executionsRunning: number | undefined;
  readonly containers: SeenContainers | undefined;
  readonly stacks: Readonly<Record<string, number>> | undefined;
  readonly hosts: readonly HostRow[] | undefined;
  readonly alerts: Awaited<ReturnType<ConsoleParts["alerts"]["list"]>> | undefined;
}

export interface TasksSeen {
  readonly counts: Awaited<ReturnType<ConsoleParts["tasks"]["counts"]>>;
  readonly failed: Awaited<ReturnType<ConsoleParts["tasks"]["failedSince"]>>;
}

/** An engine that takes longer is told of as one that does not answer, so that the others' news do not wait for it. */
const engineMs = 500;
const hourMs = 3_600_000;
const mostFailedTasks = 20;

export async function lookAround(parts: ConsoleParts, viewer: Viewer): Promise<Look> {
  const at = parts.clock.now();
  const teams = [...viewer.teams.values()];
  const teamIds = teams.map(({ id }) => id);
  const seen = <T>(kind: RowKind, read: () => Promise<T>) => ifSeen(parts.access, viewer, kind, read);
  const [apps, capsules, tasks, executionsRunning, containers, stacks, hosts, alerts] = await Promise.all([
    seen("apps", async () => (await parts.apps.listAccessible(viewer.principal)).map((one) => appRow(one, at))),
    seen("capsules", async () => ({
      counts: await parts.capsules.counts(teamIds),
      troubled: await parts.capsules.troubled(teamIds, at - 24 * hourMs),
    })),
    seen("tasks", async () => ({
      counts: await parts.tasks.counts(teams),
      failed: await parts.tasks.failedSince(teams, at - hourMs, mostFailedTasks),
    })),
    seen("executions", () => parts.executions.running(viewer.ownTeamId)),
    seen("containers", () => seenContainers(parts, viewer, { timeoutMs: engineMs })),
    seen("stacks", () => countStacks(parts, viewer)),
    seen("hosts", async () => seenHosts(parts, viewer)),
    seen("alerts", () => parts.alerts.list(hostIdsWithin(parts, viewer))),
  ]);
  return { at, viewer, apps, capsules, tasks, executionsRunning, containers, stacks, hosts, alerts };
}

async function ifSeen<T>(
  access: Access,
  { principal }: Viewer,
  kind: RowKind,
  read: () => Promise<T>,
): Promise<T | undefined> {
  return maySee(access, principal, kind) ? read() : undefined;
}

/** Undefined: whoever is held to no hosts sees what was on hosts that are no more, too. */
function hostIdsWithin({ dockerHosts }: ConsoleParts, { reach }: Viewer): readonly string[] | undefined {
  return reach.hostTags.length === 0 ? undefined : dockerHosts.list(reach).map(({ id }) => id);
}

/** By what has become of their deployments. */
async function countStacks(parts: ConsoleParts, viewer: Viewer): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { status } of await seenStacks(parts, viewer)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

export interface StackSeen {
  readonly name: string;
  /** `undeployed`: there are only files. */
  readonly status: string;
  readonly hostId: string | undefined;
}

/** By name. What lies in the directory of stacks and cannot be read is none. */
export async function seenStacks(
  { stackFiles, placements, dockerHosts }: Pick<ConsoleParts, "stackFiles" | "placements" | "dockerHosts">,
  { reach }: Viewer,
): Promise<readonly StackSeen[]> {
  const placed = new Map((await placements.list()).map((one) => [one.stack, one]));
  const files = await stackFiles.list().catch((error: unknown) => {
    if (isYardError(error)) return [];
    throw error;
  });
  const written = files.filter(({ isBlank }) => !isBlank).map(({ name }) => name);
  const within = new Set(dockerHosts.list(reach).map(({ id }) => id));
  return [...new Set([...written, ...placed.keys()])].sort().flatMap((name): StackSeen[] => {
    const placement = placed.get(name);
    const isSeen = placement === undefined || reach.hostTags.length === 0 || within.has(placement.hostId);
    return isSeen ? [{ name, status: placement?.status ?? "undeployed", hostId: placement?.hostId }] : [];
  });
}
