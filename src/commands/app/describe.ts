/** All that is known of an app, as lines of a label and a value. */
import { comingStart, healthOf, stateOf } from "../../client/app-state.ts";
import type { AppSeen } from "../../client/apps.ts";
import { inert } from "../../client/inert.ts";
import type { JsonObject } from "../../client/json.ts";
import { bytesText, percentText, timeText } from "./text.ts";

/** Lines for a terminal: inert, whatever the app's fields hold. What is not set has no line. */
export function describeApp(app: AppSeen): string[] {
  const entries = [...stateEntries(app), ...definitionEntries(app.json)].flatMap(([label, value]) =>
    value === undefined || value === "" ? [] : [[label, value] as const],
  );
  const width = Math.max(...entries.map(([label]) => label.length));
  return [inert(app.name), ...entries.map(([label, value]) => `  ${label.padEnd(width)}  ${inert(value)}`)];
}

type Entry = readonly [label: string, value: string | undefined];

function stateEntries(app: AppSeen): Entry[] {
  const { json, pid } = app;
  const next = comingStart(app);
  return [
    ["state", stateOf(app)],
    ["kind", app.temporary ? "a run: temporary, never started again" : undefined],
    ["health", healthOf(app)],
    ["process", pid === undefined ? undefined : joined([`${pid}`, around("of user", json.pid_user)], " ")],
    ["uses", pid === undefined ? undefined : usageOf(app)],
    ["messages", textOf(json.task_status)],
    ["starts", String(app.starts)],
    ["last start", app.startedAt && timeText(app.startedAt)],
    ["last exit", app.exitedAt && joined([around("code", app.exitCode), timeText(app.exitedAt)])],
    ["next start", next && timeText(next)],
    ["last error", app.lastError],
  ];
}

function usageOf({ json, cpuPercent, memoryBytes }: AppSeen): string {
  return joined([
    cpuPercent === undefined ? undefined : `CPU ${percentText(cpuPercent)}`,
    memoryBytes === undefined ? undefined : `memory ${bytesText(memoryBytes)}`,
    around("open files", json.fd),
  ]);
}

function definitionEntries(json: JsonObject): Entry[] {
  const behavior = mapIn(json, "behavior");
  const limit = mapIn(json, "resource_limit");
  const daily = mapIn(json, "daily_limitation");
  return [
    ["description", textOf(json.description)],
    ["owner", textOf(json.owner)],
    ["shared", around("permission", json.permission)],
    [json.shell || json.session_login ? "bash script" : "command", textOf(json.command)],
    ["image", textOf(json.docker_image)],
    ["directory", textOf(json.working_dir)],
    ["variables", pairs(mapIn(json, "env"))],
    ["secrets", Object.keys(mapIn(json, "sec_env")).join(", ")],
    ["metadata", textOf(json.metadata)],
    [json.cron ? "cron" : "every", textOf(json.start_interval_seconds)],
    ["from", textOf(json.start_time_TEXT)],
    ["until", textOf(json.end_time_TEXT)],
    ["daily", joined([textOf(daily.daily_start_TEXT), textOf(daily.daily_end_TEXT)], " to ")],
    ["retention", textOf(json.retention)],
    ["after exit", joined([textOf(behavior.exit), pairs(mapIn(behavior, "control"), "on ")])],
    ["health check", textOf(json.health_check_cmd)],
    [
      "limits",
      joined([
        around("memory", limit.memory_mb, "MiB"),
        around("with swap", limit.memory_virt_mb, "MiB"),
        around("CPU shares", limit.cpu_shares),
      ]),
    ],
    ["old outputs", around("kept:", json.stdout_cache_num)],
    ["registered", textOf(json.register_time_TEXT)],
  ];
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function around(label: string, value: unknown, unit?: string): string | undefined {
  return value === undefined ? undefined : joined([label, textOf(value), unit], " ");
}

function pairs(map: JsonObject, prefix = ""): string {
  return Object.entries(map)
    .map(([key, value]) => `${prefix}${key}=${textOf(value)}`)
    .join(", ");
}

function joined(parts: readonly (string | undefined)[], separator = ", "): string {
  return parts.filter((part) => part !== undefined && part !== "").join(separator);
}

/** Of a yard that sends something else under that name, nothing is shown. */
function mapIn(json: JsonObject, name: string): JsonObject {
  const value = json[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
