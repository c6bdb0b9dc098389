/** The yard's apps as App Mesh's clients see them. Fields that are not set are left out. */
import type { App, Sharing } from "../../apps/app.ts";
import type { Limits, ProcessTree, ProcessUsage } from "../../sandboxes/sandbox.ts";
import { exitCodeOf } from "./exit-code.ts";
import type { AppView } from "./schemas.ts";
import { localTimeText } from "./times.ts";
import { timeField, timingToWire } from "./timing.ts";
import type { Surroundings } from "./translate.ts";

const mebibyte = 1024 * 1024;

/** What is known of an app besides the app itself. */
export interface Observed {
  readonly usage: ProcessUsage | undefined;
  readonly messages: MessageState;
}

export interface MessageState {
  readonly count: number;
  readonly status: "busy" | "idle" | "";
}

/** The definition part of an application's JSON: what `PUT` returns. */
export function definitionToWire(app: App, { seal, now }: Surroundings): AppView {
  const { definition } = app;
  const registeredAt = definition.registeredAt ?? app.createdAt;
  const sealed = Object.entries(definition.secretEnv).map(([name, value]) => [name, seal.seal(value)]);
  return {
    name: app.name,
    ...(app.ownerName ? { owner: app.ownerName } : {}),
    command: definition.command,
    ...(definition.shell ? { shell: true } : {}),
    ...(definition.sessionLogin ? { session_login: true } : {}),
    ...(definition.description ? { description: definition.description } : {}),
    ...(definition.metadata !== undefined ? { metadata: definition.metadata } : {}),
    ...(definition.container ? { docker_image: definition.container.image } : {}),
    ...(definition.workingDirectory ? { working_dir: definition.workingDirectory } : {}),
    status: statusOf(app),
    ...(definition.keepOutputs > 0 ? { stdout_cache_num: definition.keepOutputs } : {}),
    ...(definition.healthCheck ? { health_check_cmd: definition.healthCheck.command } : {}),
    ...timingToWire(definition, { registeredAt, now }),
    behavior: {
      exit: definition.exit.action,
      ...(Object.keys(definition.exit.byCode).length > 0 ? { control: definition.exit.byCode } : {}),
    },
    ...(Object.keys(definition.env).length > 0 ? { env: definition.env } : {}),
    ...(sealed.length > 0 ? { sec_env: Object.fromEntries(sealed) } : {}),
    ...(definition.limits ? { resource_limit: limitsToWire(definition.limits) } : {}),
    ...(definition.sharing ? { permission: sharingToWire(definition.sharing) } : {}),
    ...(definition.version ? { version: definition.version } : {}),
    ...timeField("register_time", registeredAt),
  };
}

/** Definition and runtime: what the GET operations return. */
export function appToWire(app: App, observed: Observed, surroundings: Surroundings): AppView {
  return { ...definitionToWire(app, surroundings), ...runtimeToWire(app, observed) };
}

/** Runtime fields are there only while they mean something. */
export function runtimeToWire(app: App, observed: Observed): Partial<AppView> {
  const { runtime } = app;
  const run = runtime.runs[0];
  const lastExit = runtime.lastEnded?.exit;
  const returnCode = runtime.lastEnded && exitCodeOf(runtime.lastEnded);
  const nextStartAt = nextStartOf(app);
  const isRunning = run?.pid !== undefined && !run.exit;
  return {
    ...(isRunning && run.container !== undefined ? { container_id: run.container } : {}),
    ...(isRunning ? { pid: run.pid, ...processToWire(observed) } : {}),
    ...(returnCode !== undefined ? { return_code: returnCode } : {}),
    ...(run ? timeField("last_start_time", run.startedAt) : {}),
    ...(lastExit ? timeField("last_exit_time", lastExit.at) : {}),
    ...(nextStartAt !== undefined ? timeField("next_start_time", nextStartAt) : {}),
    ...(runtime.lastError ? { last_error: `${localTimeText(runtime.lastError.at)} ${runtime.lastError.message}` } : {}),
    health: runtime.healthy ? 0 : 1,
    starts: runtime.starts,
    ...(runtime.runs.length > 0 ? { stdout_cache_size: runtime.runs.length } : {}),
  };
}

function statusOf({ kind, enabled }: App): number {
  if (kind === "temporary") return 2;
  return enabled ? 1 : 0;
}

/** An application without a schedule goes on showing the start that was planned last, while it may run. */
function nextStartOf({ kind, enabled, definition, runtime }: App): number | undefined {
  if (runtime.nextStartAt !== undefined) return runtime.nextStartAt;
  const run = runtime.runs[0];
  if (kind === "temporary" || !enabled || definition.schedule || run?.stopCause === "window") return undefined;
  return run?.startedAt;
}

function processToWire({ usage, messages }: Observed): Partial<AppView> {
  return {
    ...(usage ? { memory: usage.rssBytes, cpu: usage.cpuPercent, fd: usage.openFiles } : {}),
    ...(usage?.user !== undefined ? { pid_user: usage.user } : {}),
    ...(usage?.tree ? { pstree: drawTree(usage.tree) } : {}),
    task_id: messages.count,
    task_status: messages.status,
  };
}

/** One line per process, as pstree(1) draws it:
 *
 *      bash(12)
 *      ├─sleep(13)
 *      └─cat(14)
 */
export function drawTree(tree: ProcessTree): string {
  const lines: string[] = [];
  const draw = (node: ProcessTree, head: string, rest: string): void => {
    lines.push(`${head}${node.name}(${node.pid})`);
    node.children.forEach((child, index) => {
      const isLast = index === node.children.length - 1;
      draw(child, `${rest}${isLast ? "└─" : "├─"}`, `${rest}${isLast ? "  " : "│ "}`);
    });
  };
  draw(tree, "", "");
  return lines.join("\n");
}

function limitsToWire(limits: Limits): NonNullable<AppView["resource_limit"]> {
  return {
    ...(limits.memoryBytes ? { memory_mb: Math.round(limits.memoryBytes / mebibyte) } : {}),
    ...(limits.memoryAndSwapBytes ? { memory_virt_mb: Math.round(limits.memoryAndSwapBytes / mebibyte) } : {}),
    ...(limits.cpuShares ? { cpu_shares: limits.cpuShares } : {}),
  };
}

function sharingToWire(sharing: NonNullable<App["definition"]["sharing"]>): number {
  const digit = (value: Sharing) => ({ none: 1, read: 2, write: 3 })[value];
  return digit(sharing.others) * 10 + digit(sharing.team);
}
