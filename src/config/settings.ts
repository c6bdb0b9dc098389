/** Every setting there is: the one table that flags, variables, `runyard.yaml`, `runyard config` and the help are made from. */
import { isIP } from "node:net";
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { type ListenSpec, parseListenSpec } from "../platform/http/listen-spec.ts";
import { parseTarget } from "../platform/http/target.ts";
import { logLevels } from "../platform/log.ts";
import type { Parse } from "./values.ts";
import * as values from "./values.ts";

interface Definition<T> {
  readonly parse: Parse<T>;
  /** One line for the help. */
  readonly help: string;
  /** What stands for the value in the help. */
  readonly placeholder: string;
  /** What may be shown of it, where it holds a secret. */
  readonly show?: (text: string) => string;
}

export interface Setting<T> extends Definition<T> {
  /** What it is when nobody sets it, as one would write it. Without one it is undefined then. */
  readonly fallback?: (env: Environment) => string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

function withDefault<T>(fallback: string | ((env: Environment) => string), definition: Definition<T>): Setting<T> {
  return { ...definition, fallback: typeof fallback === "string" ? () => fallback : fallback };
}

function optional<T>(definition: Definition<T>): Setting<T | undefined> {
  return definition;
}

const hidden = (): string => "(hidden)";
const listenSpec = (text: string): string => {
  parseListenSpec(text, false);
  return text;
};

export const settings = {
  data: withDefault((env) => join(env.XDG_DATA_HOME || join(env.HOME || homedir(), ".local", "share"), "runyard"), {
    parse: values.path,
    placeholder: "directory",
    help: "where the yard keeps everything",
  }),
  listen: withDefault("127.0.0.1:7700", {
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "host:port to listen on; several by comma, https:// for TLS",
  }),
  "listen.appmesh": optional({
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "further addresses where only the App Mesh API answers, such as https://0.0.0.0:6060",
  }),
  "listen.mitosis": optional({
    parse: values.list(listenSpec),
    placeholder: "addresses",
    help: "further addresses where only the Mitosis API answers, such as 0.0.0.0:5000",
  }),
  tls: withDefault("off", {
    parse: values.choice(["off", "self-signed"]),
    placeholder: "off|self-signed",
    help: "self-signed: addresses without http:// speak TLS, with a certificate of our own making",
  }),
  "tls-cert": optional({
    parse: values.path,
    placeholder: "file",
    help: "certificate chain (PEM); addresses without http:// then speak TLS",
  }),
  "tls-key": optional({ parse: values.path, placeholder: "file", help: "its private key (PEM)" }),
  "trusted-proxies": optional({
    parse: values.list(proxyAddress),
    placeholder: "addresses",
    help: "reverse proxies whose X-Forwarded-For is believed: addresses or networks, several by comma",
  }),
  "admin-password": optional({
    parse: values.text,
    placeholder: "password",
    help: "of the first administrator, when there is no user yet; otherwise one is made up and printed once",
    show: hidden,
  }),
  "database-url": optional({
    parse: values.one(databaseUrl),
    placeholder: "url",
    help: "postgres://… in place of the SQLite file in the data directory",
    show: withoutPassword,
  }),
  "redis-url": optional({
    parse: values.one(redisUrl),
    placeholder: "url",
    help: "redis://… by which yards that share a database hear of each other's changes at once",
    show: withoutPassword,
  }),
  "master-key": optional({
    parse: values.text,
    placeholder: "key",
    help: "32 bytes in base64url, the same for all yards that share a database; see also master-key-file",
    show: hidden,
  }),
  "master-key-file": optional({
    parse: values.path,
    placeholder: "file",
    help: "holds the master key, and may be read by nobody else; without either, the data directory has one of its own",
  }),
  "s3-endpoint": optional({
    parse: values.one(httpUrl),
    placeholder: "url",
    help: "https://… of a store that speaks S3, in place of the files in the data directory",
  }),
  "s3-bucket": optional({
    parse: values.text,
    placeholder: "name",
    help: "the bucket there, which is the yard's alone",
  }),
  "s3-access-key": optional({
    parse: values.text,
    placeholder: "key",
    help: "the key by which the yard is known there",
  }),
  "s3-secret-key": optional({ parse: values.text, placeholder: "key", help: "and its secret", show: hidden }),
  "s3-region": withDefault("us-east-1", { parse: values.text, placeholder: "name", help: "the bucket's region" }),
  "public-url": optional({
    parse: values.one(httpUrl),
    placeholder: "url",
    help: "where clients reach the yard, for the URLs it hands out; default: where the request came in",
  }),
  log: withDefault("info", {
    parse: values.choice(logLevels),
    placeholder: "level",
    help: `least level to log: ${logLevels.join(", ")}`,
  }),
  "stop-host": withDefault("false", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether SIGTERM also stops the local agent and all it runs (Ctrl-C always does)",
  }),
  examples: withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether a new yard begins with the example apps ping, pyexec, pytask and nodetask",
  }),
  "orphan-after": withDefault("never", {
    parse: values.durationOrNever,
    placeholder: "duration|never",
    help: "how long the local agent keeps running things while no yard is there",
  }),
  "shutdown-grace": withDefault("30s", {
    parse: values.duration,
    placeholder: "duration",
    help: "how long requests under way may still take when the yard stops",
  }),
  "metrics.open": withDefault("false", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether /metrics needs no token for callers from elsewhere either",
  }),
  "login-rate": withDefault("120", {
    parse: values.wholeNumber({ min: 0, max: 1_000_000 }),
    placeholder: "number",
    help: "login requests per minute and address; 0 is no limit",
  }),
  "lockout.tries": withDefault("5", {
    parse: values.wholeNumber({ min: 1, max: 1_000 }),
    placeholder: "number",
    help: "wrong passwords until an account is locked for a while",
  }),
  "lockout.minutes": withDefault("15", {
    parse: values.wholeNumber({ min: 1, max: 100_000 }),
    placeholder: "number",
    help: "how long it is locked",
  }),
  "appmesh.reading": withDefault("auto", {
    parse: values.choice(["auto", "client", "document"]),
    placeholder: "auto|client|document",
    help: "which reading of the App Mesh contract is served; auto chooses by the client",
  }),
  "appmesh.forward-to": optional({
    parse: values.list(forwardTarget),
    placeholder: "hosts",
    help: "host[:port] of App Mesh servers that requests with X-Target-Host may be handed on to; without a port: 6060",
  }),
  "appmesh.max-upload": withDefault("10240", {
    parse: values.wholeNumber({ min: 1, max: 1_000_000_000 }),
    placeholder: "MiB",
    help: "largest file that may be uploaded",
  }),
  "mitosis.reading": withDefault("auto", {
    parse: values.choice(["auto", "client", "document"]),
    placeholder: "auto|client|document",
    help: "which reading of the Mitosis contract is served; auto chooses by the client",
  }),
  "worker-slots": withDefault(() => String(availableParallelism()), {
    parse: values.wholeNumber({ min: 0, max: 256 }),
    placeholder: "number",
    help: "tasks of the administrator's team that the yard itself runs at one time; 0: none; default: one for each core",
  }),
  "scripts.open": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether programs on this machine may run scripts without a token",
  }),
  "scripts.heaps": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether the memory that a script leaves is kept, to be resumed",
  }),
  "scripts.console": withDefault("inspect", {
    parse: values.choice(["inspect", "json"]),
    placeholder: "inspect|json",
    help: "how scripts print what is no text: as people read it, or as JSON",
  }),
  "scripts.engines": withDefault(() => String(availableParallelism()), {
    parse: values.wholeNumber({ min: 1, max: 256 }),
    placeholder: "number",
    help: "scripts that run at one time; default: one for each core",
  }),
  "scripts.max-waiting": withDefault("2000", {
    parse: values.wholeNumber({ min: 1, max: 100_000 }),
    placeholder: "number",
    help: "scripts that may wait or run; one team may have half of them",
  }),
  "scripts.max-memory": withDefault("256", {
    parse: values.wholeNumber({ min: 8, max: 2_048 }),
    placeholder: "MiB",
    help: "most memory that a script may ask for",
  }),
  "scripts.max-output": withDefault("4", {
    parse: values.wholeNumber({ min: 1, max: 64 }),
    placeholder: "MiB",
    help: "most that a script may print",
  }),
  "scripts.max-files": withDefault("1024", {
    parse: values.wholeNumber({ min: 1, max: 1_048_576 }),
    placeholder: "MiB",
    help: "most that the files mounted in a script may take",
  }),
  "scripts.policy": optional({
    parse: values.path,
    placeholder: "file",
    help: "what scripts may reach beyond their files (YAML); without one, nothing",
  }),
  "scripts.heap-cache": withDefault("64", {
    parse: values.wholeNumber({ min: 0, max: 65_536 }),
    placeholder: "MiB",
    help: "memory for the heaps that were used last",
  }),
  "scripts.heap-keep": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that a heap which nothing names any more is kept after it was last used",
  }),
  "scripts.session-keep": withDefault("365", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that a session is kept after its last run",
  }),
  "scripts.keep-executions": withDefault("10000", {
    parse: values.wholeNumber({ min: 1, max: 1_000_000 }),
    placeholder: "number",
    help: "newest executions that are kept of each team",
  }),
  "scripts.keep-days": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that an execution is kept",
  }),
  "mitosis.redis": withDefault("true", {
    parse: values.flag,
    placeholder: "boolean",
    help: "whether Mitosis' clients and workers get users of their own in the Redis of redis-url",
  }),
  "mitosis.redis-address": optional({
    parse: values.one(redisAddress),
    placeholder: "host:port",
    help: "where they reach it; default: as redis-url says",
  }),
  "mcp.mode": withDefault("stateful", {
    parse: values.choice(["stateful", "stateless"]),
    placeholder: "stateful|stateless",
    help: "tools for models: stateless leaves one tool for scripts, which waits for their end",
  }),
  "mcp.hosts": optional({
    parse: values.list((name) => name.toLowerCase()),
    placeholder: "names",
    help: "names under which models may ask, besides addresses, localhost and this machine's; several by comma",
  }),
  "snapshots.keep-days": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that a snapshot without a label is kept after it was last used",
  }),
  "events.keep-rows": withDefault("100000", {
    parse: values.wholeNumber({ min: 1_000, max: 100_000_000 }),
    placeholder: "number",
    help: "newest events that are kept",
  }),
  "events.keep-days": withDefault("30", {
    parse: values.wholeNumber({ min: 1, max: 10_000 }),
    placeholder: "number",
    help: "days that an event is kept",
  }),
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValues = {
  readonly [Key in SettingKey]: (typeof settings)[Key] extends Setting<infer T> ? T : never;
};

export const settingKeys = Object.keys(settings) as SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}

/** `listen.appmesh` → `listen-appmesh`, the flag without its dashes. */
export function flagOf(key: SettingKey): string {
  return key.replaceAll(".", "-");
}

/** `listen.appmesh` → `RUNYARD_LISTEN_APPMESH`. */
export function variableOf(key: SettingKey): string {
  return `RUNYARD_${key.replace(/[.-]/g, "_").toUpperCase()}`;
}

/** App Mesh's own port. */
const forwardPort = 6_060;

function forwardTarget(text: string): ListenSpec {
  return parseTarget(text, { secure: true, port: forwardPort });
}

function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol !== "http:" && url?.protocol !== "https:") || url.username !== "" || url.pathname !== "/")
    throw values.wrong("must be a URL like https://host:9000, without a path");
  return url.origin;
}

function databaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "postgres:" && url?.protocol !== "postgresql:")
    throw values.wrong("must be a URL like postgres://user:password@host:5432/database");
  return text;
}

function redisUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol !== "redis:" && url?.protocol !== "rediss:") || url.host === "")
    throw values.wrong("must be a URL like redis://user:password@host:6379");
  return text;
}

function redisAddress(text: string): string {
  const url = URL.canParse(`redis://${text}`) ? new URL(`redis://${text}`) : undefined;
  if (url?.host !== text || url.port === "") throw values.wrong("must be host:port");
  return text;
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password !== "") url.password = "hidden";
  for (const name of url.searchParams.keys()) if (/password|key/i.test(name)) url.searchParams.set(name, "hidden");
  return url.toString();
}

function proxyAddress(text: string): string {
  const [address = "", bits] = text.split("/", 2);
  const family = isIP(address);
  if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))) {
    throw values.wrong(`"${text}" is no address or network, as in 10.0.0.7 or 10.0.0.0/8`);
  }
  return text;
}
