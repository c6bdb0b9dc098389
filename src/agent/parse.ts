/** Turns what came over the connection into the types of protocol.ts, once, at the edge. Written out by hand: a schema library would
 *  cost the agent, which must stay small to spawn quickly, several megabytes. */
import { YardError } from "../platform/errors.ts";
import { isEntryName } from "../platform/trees/tree-entry.ts";
import {
  type Limits,
  type NetworkMode,
  type ProcessSignal,
  type ProcessSpec,
  processSignals,
  type SandboxHandle,
  type SandboxSpec,
} from "../sandboxes/sandbox.ts";
import type {
  HealthCheck,
  RestartAction,
  RestartPolicy,
  RunWindow,
  Schedule,
  StackSource,
  UnitContainer,
  UnitSpec,
} from "./protocol.ts";

/** A schedule that is quicker is a loop, which the unit's own program makes better. */
const leastIntervalMs = 1_000;
const leastCheckIntervalMs = 100;
const longestCheckMs = 3_600_000;
const secondsPerDay = 86_400;
/** The last moment that a Date can hold. */
const latestTime = 8.64e15;

type Fields = Readonly<Record<string, unknown>>;

export function parseUnitSpec(value: unknown, id: string): UnitSpec {
  const fields = object(value, "unit");
  return {
    id,
    revision: number(fields.revision, "revision", { integer: true }),
    sandbox: text(fields.sandbox, "sandbox"),
    process: parseProcessSpec(fields.process),
    container: optional(fields.container, parseContainer),
    envPerStart: optional(fields.envPerStart, (value) => parseEnvPerStart(value)),
    restart: parseRestart(fields.restart),
    schedule: optional(fields.schedule, parseSchedule),
    startsAtOnce: optional(fields.startsAtOnce, (value) => flag(value, "startsAtOnce")),
    window: optional(fields.window, parseWindow),
    overlapMs: optional(fields.overlapMs, (value) => number(value, "overlapMs")),
    healthCheck: optional(fields.healthCheck, parseHealthCheck),
    enabled: flag(fields.enabled, "enabled"),
    timeoutMs: optional(fields.timeoutMs, (value) => number(value, "timeoutMs")),
    lifetimeMs: optional(fields.lifetimeMs, (value) => number(value, "lifetimeMs")),
    keepRuns: number(fields.keepRuns, "keepRuns", { integer: true, most: 1_000 }),
    meta: optional(fields.meta, (value) => object(value, "meta")),
  };
}

function parseContainer(value: unknown): UnitContainer {
  const fields = object(value, "container");
  const port = (value: unknown) => number(value, "container.ports", { integer: true, least: 1, most: 65_535 });
  return {
    image: text(fields.image, "container.image"),
    network: optional(fields.network, (value) => text(value, "container.network")),
    hostname: optional(fields.hostname, (value) => text(value, "container.hostname")),
    extraHosts: optional(fields.extraHosts, (value) =>
      list(value, "container.extraHosts").map((one) => text(one, "container.extraHosts")),
    ),
    ports: optional(fields.ports, (value) =>
      mapped(value, "container.ports", (places) =>
        list(places, "container.ports").map((place) => {
          const { hostIp, hostPort } = object(place, "container.ports");
          return {
            hostIp: optional(hostIp, (value) => text(value, "container.ports")),
            hostPort: optional(hostPort, port),
          };
        }),
      ),
    ),
  };
}

export function parseProcessSpec(value: unknown): Omit<ProcessSpec, "id"> {
  const fields = object(value, "process");
  return {
    argv: list(fields.argv, "argv").map((word) => text(word, "argv")),
    cwd: optional(fields.cwd, (value) => text(value, "cwd")),
    env: optional(fields.env, (value) => mapped(value, "env", text)),
    facts: optional(fields.facts, (value) => mapped(value, "facts", text)),
    stdin: optional(fields.stdin, (value) => parseStdin(value, "stdin")),
    user: optional(fields.user, (value) => text(value, "user")),
    limits: optional(fields.limits, (value) => parseLimits(value, "limits")),
    terminal: optional(fields.terminal, (value) => parseSize(value, "terminal")),
    streams: optional(fields.streams, parseStreams),
    meta: optional(fields.meta, (value) => object(value, "meta")),
    forgetAfterMs: optional(fields.forgetAfterMs, (value) => number(value, "forgetAfterMs")),
    sparesGroup: optional(fields.sparesGroup, (value) => flag(value, "sparesGroup")),
    maxOutputBytes: optional(fields.maxOutputBytes, (value) => number(value, "maxOutputBytes", { integer: true })),
  };
}

export function parseSandboxSpec(value: unknown, id: string): SandboxSpec {
  const fields = object(value ?? {}, "sandbox");
  return {
    id,
    limits: optional(fields.limits, (value) => parseLimits(value, "limits")),
    template: optional(fields.template, (value) => text(value, "template")),
    network: optional(fields.network, parseNetwork),
  };
}

function parseNetwork(value: unknown): NetworkMode {
  if (value !== "none" && value !== "outbound") throw invalid("network", '"none" or "outbound"');
  return value;
}

function parseStreams(value: unknown): NonNullable<ProcessSpec["streams"]> {
  if (value !== "merged" && value !== "separate") throw invalid("streams", '"merged" or "separate"');
  return value;
}

/** What sandboxes are made ready for. */
export function parsePreparation(value: unknown): Limits {
  return parseLimits(object(value, "body").limits, "limits");
}

export function parseHandle(value: unknown): SandboxHandle {
  const fields = object(value, "handle");
  if (fields.version !== 1) throw invalid("version", "1, the only version of handles there is");
  const data = optional(fields.data, (value) => object(value, "data"));
  return { driver: text(fields.driver, "driver"), version: 1, id: text(fields.id, "id"), data };
}

export function parseSignal(value: unknown): ProcessSignal {
  const wanted = object(value, "body").signal;
  const signal = processSignals.find((name) => name === wanted);
  if (!signal) throw invalid("signal", `one of ${processSignals.join(", ")}`);
  return signal;
}

export function parseSize(value: unknown, at = "size"): { cols: number; rows: number } {
  const fields = object(value, at);
  const size = (name: "cols" | "rows") =>
    number(fields[name], `${at}.${name}`, { integer: true, least: 1, most: 10_000 });
  return { cols: size("cols"), rows: size("rows") };
}

export function parsePath(value: unknown): string {
  return text(object(value, "body").path, "path");
}

export function parseMove(value: unknown): { from: string; to: string } {
  const fields = object(value, "body");
  return { from: text(fields.from, "from"), to: text(fields.to, "to") };
}

export function parseName(value: unknown): string {
  return text(object(value, "body").name, "name");
}

const digestPattern = /^[0-9a-f]{64}$/;
/** They become names of directories. */
const stackPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function parseStackName(value: unknown): string {
  return matching(value, "stack", stackPattern);
}

export function parseStackSource(value: unknown, at = "source"): StackSource {
  const fields = object(value, at);
  const path = text(fields.path, `${at}.path`);
  if (path !== "" && !path.split("/").every(isEntryName)) throw invalid(`${at}.path`, "names with a slash between two");
  const digest = matching(fields.digest, `${at}.digest`, digestPattern);
  return { path, digest, isWritable: flag(fields.isWritable, `${at}.isWritable`) };
}

export function parseStackSources(value: unknown): StackSource[] {
  return list(object(value, "body").sources, "sources").map((one, i) => parseStackSource(one, `sources[${i}]`));
}

export function parseHostPaths(value: unknown): string[] {
  return list(object(value, "body").hostPaths, "hostPaths").map((path) => text(path, "hostPaths"));
}

export function parseUsageQuestion(value: unknown): { ids: string[]; tree: boolean } {
  const fields = object(value, "body");
  return {
    ids: list(fields.ids, "ids").map((id) => text(id, "ids")),
    tree: optional(fields.tree, (value) => flag(value, "tree")) ?? false,
  };
}

/** The text of a cron expression is checked by whoever follows it. */
function parseSchedule(value: unknown): Schedule {
  const fields = object(value, "schedule");
  switch (fields.kind) {
    case "interval":
      return {
        kind: "interval",
        from: time(fields.from, "schedule.from"),
        everyMs: number(fields.everyMs, "schedule.everyMs", { integer: true, least: leastIntervalMs }),
      };
    case "cron":
      return {
        kind: "cron",
        expression: text(fields.expression, "schedule.expression"),
        timeZone: optional(fields.timeZone, (value) => text(value, "schedule.timeZone")),
      };
    default:
      throw invalid("schedule.kind", '"interval" or "cron"');
  }
}

function parseWindow(value: unknown): RunWindow {
  const fields = object(value, "window");
  return {
    from: optional(fields.from, (value) => time(value, "window.from")),
    until: optional(fields.until, (value) => time(value, "window.until")),
    daily: optional(fields.daily, (value) => {
      const daily = object(value, "window.daily");
      const second = (name: "startSeconds" | "endSeconds") =>
        number(daily[name], `window.daily.${name}`, { most: secondsPerDay });
      return { startSeconds: second("startSeconds"), endSeconds: second("endSeconds") };
    }),
  };
}

function parseHealthCheck(value: unknown): HealthCheck {
  const fields = object(value, "healthCheck");
  return {
    argv: list(fields.argv, "healthCheck.argv").map((word) => text(word, "healthCheck.argv")),
    everyMs: number(fields.everyMs, "healthCheck.everyMs", { least: leastCheckIntervalMs }),
    timeoutMs: number(fields.timeoutMs, "healthCheck.timeoutMs", { least: 1, most: longestCheckMs }),
  };
}

function parseEnvPerStart(value: unknown): Record<string, "secret" | "startedSeconds"> {
  return mapped(value, "envPerStart", (kind, field) => {
    if (kind !== "secret" && kind !== "startedSeconds") throw invalid(field, '"secret" or "startedSeconds"');
    return kind;
  });
}

function parseRestart(value: unknown): RestartPolicy {
  const fields = object(value, "restart");
  return {
    onExit: parseAction(fields.onExit, "restart.onExit"),
    codes: optional(fields.codes, (codes) => mapped(codes, "restart.codes", parseAction)),
    minIntervalMs: number(fields.minIntervalMs, "restart.minIntervalMs"),
  };
}

function parseAction(value: unknown, field: string): RestartAction {
  if (value !== "no" && value !== "always") throw invalid(field, '"no" or "always"');
  return value;
}

function parseStdin(value: unknown, field: string): ProcessSpec["stdin"] {
  if (value === "none" || value === "open") return value;
  return { text: text(object(value, field).text, `${field}.text`) };
}

/** @throws {YardError} invalid */
export function parseLimits(value: unknown, at: string): Limits {
  const fields = object(value, at);
  const limit = (name: keyof Limits, bounds?: Bounds) =>
    optional(fields[name], (value) => number(value, `${at}.${name}`, bounds));
  return {
    memoryBytes: limit("memoryBytes", { integer: true, least: 1 }),
    memoryAndSwapBytes: limit("memoryAndSwapBytes", { integer: true, least: 1 }),
    cpuShares: limit("cpuShares", { integer: true, least: 2, most: 262_144 }),
    cpus: limit("cpus", { least: 0.01, most: 10_000 }),
    processes: limit("processes", { integer: true, least: 1 }),
    diskBytes: limit("diskBytes", { integer: true, least: 1 }),
  };
}

interface Bounds {
  readonly integer?: boolean;
  readonly least?: number;
  readonly most?: number;
}

export function number(
  value: unknown,
  field: string,
  { integer = false, least = 0, most = Number.MAX_SAFE_INTEGER }: Bounds = {},
) {
  const isRight = typeof value === "number" && value >= least && value <= most && (!integer || Number.isInteger(value));
  if (!isRight) throw invalid(field, `${integer ? "a whole number" : "a number"} from ${least} to ${most}`);
  return value;
}

/** Wall milliseconds. */
function time(value: unknown, field: string): number {
  return number(value, field, { integer: true, most: latestTime });
}

export function text(value: unknown, field: string): string {
  if (typeof value !== "string") throw invalid(field, "text");
  return value;
}

export function matching(value: unknown, field: string, pattern: RegExp): string {
  const found = text(value, field);
  if (pattern.test(found)) return found;
  throw invalid(field, `text like ${pattern}`);
}

function flag(value: unknown, field: string): boolean {
  if (typeof value !== "boolean") throw invalid(field, "true or false");
  return value;
}

export function list(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(field, "a list");
  return value;
}

export function object(value: unknown, field: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(field, "an object");
  return value as Fields;
}

function mapped<T>(value: unknown, field: string, parse: (value: unknown, field: string) => T): Record<string, T> {
  const entries = Object.entries(object(value, field)).map(([name, one]): [string, T] => [
    name,
    parse(one, `${field}.${name}`),
  ]);
  return Object.fromEntries(entries);
}

function optional<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : parse(value);
}

function invalid(field: string, wanted: string): YardError {
  return new YardError("invalid", `${field} must be ${wanted}.`, { field });
}
