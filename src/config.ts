/** One typed configuration from flags, `RUNYARD_*` variables, `runyard.yaml` and defaults, in this order of precedence. */
import type { BlockList } from "node:net";
import { join } from "node:path";
import {
  type Environment,
  isSettingKey,
  type Setting,
  type SettingKey,
  type SettingValues,
  settingKeys,
  settings,
} from "./config/settings.ts";
import {
  type ConfigSources,
  type FoundFile,
  fromEnvironment,
  fromFile,
  fromFlags,
  type GivenSetting,
  openConfigFile,
} from "./config/sources.ts";
import type { GivenMasterKey } from "./platform/crypto/master-key.ts";
import { isYardError, YardError } from "./platform/errors.ts";
import { type ListenSpec, parseListenSpec } from "./platform/http/listen-spec.ts";
import { networksOf } from "./platform/http/outgoing/addresses.ts";
import type { LogLevel } from "./platform/log.ts";

export type { ConfigSources };

export interface Config {
  /** Absolute. */
  readonly data: string;
  readonly listen: readonly ListenSpec[];
  /** Where only App Mesh answers. */
  readonly listenAppmesh: readonly ListenSpec[];
  /** Where only Mitosis answers. */
  readonly listenMitosis: readonly ListenSpec[];
  /** Where only Wrenn answers. */
  readonly listenWrenn: readonly ListenSpec[];
  readonly listenDockmesh: readonly ListenSpec[];
  /** Where agents with certificates are connected. Undefined: where `listen` is, if that can be done. */
  readonly listenAgents: readonly ListenSpec[] | undefined;
  readonly agents: {
    /** `host:port`, where they reach it from elsewhere. */
    readonly address: string | undefined;
    /** For the certificate that they are shown. */
    readonly names: readonly string[];
  };
  /** `off` too: a listener with `https://` then still gets the self-signed certificate. */
  readonly tls:
    | { readonly kind: "off" | "self-signed" }
    | { readonly kind: "files"; readonly cert: string; readonly key: string };
  readonly trustedProxies: readonly string[];
  readonly adminPassword: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly s3:
    | {
        readonly endpoint: string;
        readonly region: string;
        readonly bucket: string;
        readonly accessKey: string;
        readonly secretKey: string;
      }
    | undefined;
  /** An origin. */
  readonly publicUrl: string | undefined;
  /** Undefined: the data directory has one of its own. */
  readonly masterKey: GivenMasterKey | undefined;
  readonly log: LogLevel;
  readonly stopHost: boolean;
  /** Whether a new yard begins with example apps. */
  readonly examples: boolean;
  readonly orphanAfterMs: number | undefined;
  readonly dockerSocket: string | undefined;
  readonly shutdownGraceMs: number;
  readonly metricsOpen: boolean;
  /** Per minute and address. */
  readonly loginRate: number;
  readonly lockout: { readonly tries: number; readonly lockMs: number };
  /** How long logins through Dockmesh's API last, in milliseconds. */
  readonly dockmeshSessions: { readonly lifetimeMs: number; readonly idleMs: number; readonly rememberedMs: number };
  readonly appmesh: {
    readonly reading: "auto" | "client" | "document";
    readonly forwardTo: readonly ListenSpec[];
    readonly maxUploadBytes: number;
  };
  readonly mitosis: { readonly reading: "auto" | "client" | "document" };
  readonly wrenn: {
    readonly signup: "open" | "loopback" | "closed";
    /** An origin. */
    readonly frontendUrl: string | undefined;
    /** Undefined: nobody logs in with GitHub. */
    readonly github:
      | {
          readonly clientId: string;
          readonly clientSecret: string;
          /** Origins, the API's with a path. */
          readonly url: string;
          readonly apiUrl: string;
        }
      | undefined;
    readonly oauthQuery: boolean;
  };
  /** Of the yard's own worker; 0: there is none. */
  readonly workerSlots: number;
  readonly scripts: {
    readonly open: boolean;
    readonly keepHeaps: boolean;
    readonly consoleFormat: "inspect" | "json";
    readonly engines: number;
    readonly maxWaiting: number;
    readonly maxMemoryMb: number;
    readonly maxOutputBytes: number;
    readonly maxFilesBytes: number;
    /** Absolute. */
    readonly policyFile: string | undefined;
    readonly heapCacheBytes: number;
    readonly retention: {
      readonly maxExecutions: number;
      readonly maxAgeMs: number;
      readonly maxSessionAgeMs: number;
    };
    readonly heapKeepMs: number;
  };
  readonly mitosisRedis: { readonly enabled: boolean; readonly address: string | undefined };
  readonly mcp: { readonly mode: "stateful" | "stateless"; readonly hosts: readonly string[] };
  readonly hosts: {
    /** How many times over each is given away. */
    readonly overcommit: { readonly memory: number; readonly disk: number };
  };
  readonly stacks: {
    /** Absolute: where their directories are. */
    readonly directory: string;
    /** How long a container without a healthcheck must have run before it is called up. */
    readonly settleMs: number;
  };
  readonly capsules: {
    readonly driver: "auto" | "microvm" | "namespace" | "container" | "host";
    /** Whether a port's name is all that is needed to reach it. */
    readonly openPorts: boolean;
    /** Of a team; 0: no limit. */
    readonly quota: { readonly capsules: number; readonly vcpus: number; readonly memoryMb: number };
  };
  readonly registries: {
    /** Beside the internet, where those that are tried out may be. */
    readonly allowNetworks: BlockList;
  };
  readonly openid: {
    /** Beside the internet, where providers that users sign in by may be. */
    readonly allowNetworks: BlockList;
  };
  readonly notifications: {
    /** Beside the internet, where receivers may be. */
    readonly allowNetworks: BlockList;
    /** An origin. */
    readonly telegramUrl: string;
  };
  readonly snapshots: { readonly keepUsedMs: number };
  readonly events: { readonly keepRows: number; readonly keepMs: number };
  /** What the operator should know, and what does not stop us. */
  readonly warnings: readonly string[];
  readonly effective: readonly EffectiveSetting[];
}

export interface EffectiveSetting {
  readonly key: SettingKey;
  /** Secrets hidden; undefined where nothing is set. */
  readonly shown: string | undefined;
  /** `--listen`, `RUNYARD_LISTEN`, `/etc/runyard.yaml:3` or `default`. */
  readonly origin: string;
  readonly help: string;
}

/** @throws {YardError} invalid, with every fault in a line of its own: where, which setting, why */
export function loadConfig(sources: ConfigSources): Config {
  const file = openConfigFile(sources);
  const faults = [...(file?.faults ?? [])];
  const chosen = choose([...fromFile(file), ...fromEnvironment(sources.env), ...fromFlags(sources.flags)], faults);
  const values = parseAll(chosen, sources, faults);
  faults.push(...contradictions(values));
  if (faults.length > 0) throw new YardError("invalid", `the configuration cannot be used:\n  ${faults.join("\n  ")}`);
  return {
    ...assemble(values),
    warnings: warningsOf(file),
    effective: settingKeys.map((key) => effectiveSetting(key, chosen.get(key), sources.env)),
  };
}

/** The effective settings with their origin, for people: secrets are hidden. */
export function describeConfig(config: Config): readonly EffectiveSetting[] {
  return config.effective;
}

type Chosen = ReadonlyMap<SettingKey, GivenSetting>;

/** Later sources win. */
function choose(all: readonly GivenSetting[], faults: string[]): Chosen {
  const chosen = new Map<SettingKey, GivenSetting>();
  for (const setting of all) {
    if (isSettingKey(setting.key)) chosen.set(setting.key, setting);
    else
      faults.push(
        `${setting.place}: ${setting.key === setting.place ? "this" : setting.key} is not a setting of Runyard`,
      );
  }
  return chosen;
}

/** A setting that cannot be parsed is a fault, and takes its default for the checks that follow. */
function parseAll(chosen: Chosen, sources: ConfigSources, faults: string[]): SettingValues {
  const values = settingKeys.map((key) => {
    const { parse, fallback }: Setting<unknown> = settings[key];
    const context = { cwd: sources.cwd };
    const setting = chosen.get(key);
    try {
      if (setting) return [key, parse(setting.given, context)];
    } catch (error) {
      if (!isYardError(error)) throw error;
      faults.push(`${setting?.place}: ${key}: ${error.message}`);
    }
    return [key, fallback && parse([fallback(sources.env)], context)];
  });
  return Object.fromEntries(values) as SettingValues;
}

function contradictions(values: SettingValues): string[] {
  const { tls, "tls-cert": cert, "tls-key": key } = values;
  const faults: string[] = [];
  if ((cert === undefined) !== (key === undefined)) faults.push(`tls-cert and tls-key: set both, or neither`);
  else if (cert !== undefined && tls === "self-signed") faults.push(`tls: self-signed and tls-cert exclude each other`);
  if (values["master-key"] !== undefined && values["master-key-file"] !== undefined)
    faults.push("master-key and master-key-file exclude each other");
  if ((values["wrenn.github-client-id"] === undefined) !== (values["wrenn.github-client-secret"] === undefined))
    faults.push("wrenn.github-client-id and wrenn.github-client-secret: set both, or neither");
  const missing = s3Needs.filter((name) => values[name] === undefined);
  if (missing.length > 0 && missing.length < s3Needs.length)
    faults.push(`${missing.join(", ")}: set all of ${s3Needs.join(", ")}, or none`);
  return faults;
}

const s3Needs = ["s3-endpoint", "s3-bucket", "s3-access-key", "s3-secret-key"] as const;

function warningsOf(file: FoundFile | undefined): string[] {
  if (!file) return [];
  const { path, mode, entries } = file;
  const secrets = entries.map(({ key }) => key).filter((key) => isSettingKey(key) && "show" in settings[key]);
  const warnings: string[] = [];
  if (mode & 0o022)
    warnings.push(`${path} can be written by other users, who command this yard by it: chmod go-w ${path}`);
  if (mode & 0o044 && secrets.length > 0) {
    warnings.push(`${path} can be read by other users and holds ${secrets.join(", ")}: chmod go-r ${path}`);
  }
  return warnings;
}

function assemble(values: SettingValues): Omit<Config, "warnings" | "effective"> {
  const { tls, "tls-cert": cert, "tls-key": key } = values;
  const secureByDefault = tls === "self-signed" || cert !== undefined;
  return {
    data: values.data,
    listen: values.listen.map((text) => parseListenSpec(text, secureByDefault)),
    listenAppmesh: (values["listen.appmesh"] ?? []).map((text) => parseListenSpec(text, secureByDefault)),
    listenMitosis: (values["listen.mitosis"] ?? []).map((text) => parseListenSpec(text, secureByDefault)),
    listenWrenn: (values["listen.wrenn"] ?? []).map((text) => parseListenSpec(text, secureByDefault)),
    listenDockmesh: (values["listen.dockmesh"] ?? []).map((text) => parseListenSpec(text, secureByDefault)),
    listenAgents: values["listen.agents"]?.map((text) => ({ ...parseListenSpec(text, true), secure: true })),
    agents: { address: values["agents.address"], names: values["agents.names"] ?? [] },
    tls: cert !== undefined && key !== undefined ? { kind: "files", cert, key } : { kind: tls },
    trustedProxies: values["trusted-proxies"] ?? [],
    adminPassword: values["admin-password"],
    databaseUrl: values["database-url"],
    redisUrl: values["redis-url"],
    s3: s3Settings(values),
    publicUrl: values["public-url"],
    masterKey: masterKeyOf(values),
    log: values.log,
    stopHost: values["stop-host"],
    examples: values.examples,
    orphanAfterMs: values["orphan-after"],
    dockerSocket: values["docker-socket"],
    shutdownGraceMs: values["shutdown-grace"],
    metricsOpen: values["metrics.open"],
    loginRate: values["login-rate"],
    lockout: { tries: values["lockout.tries"], lockMs: values["lockout.minutes"] * 60_000 },
    dockmeshSessions: {
      lifetimeMs: values["dockmesh.session"],
      idleMs: values["dockmesh.session-idle"],
      rememberedMs: values["dockmesh.session-remembered"],
    },
    appmesh: {
      reading: values["appmesh.reading"],
      forwardTo: values["appmesh.forward-to"] ?? [],
      maxUploadBytes: values["appmesh.max-upload"] * 1_048_576,
    },
    mitosis: { reading: values["mitosis.reading"] },
    wrenn: wrennSettings(values),
    workerSlots: values["worker-slots"],
    scripts: scriptSettings(values),
    mitosisRedis: { enabled: values["mitosis.redis"], address: values["mitosis.redis-address"] },
    mcp: { mode: values["mcp.mode"], hosts: values["mcp.hosts"] ?? [] },
    hosts: { overcommit: { memory: values["hosts.overcommit-memory"], disk: values["hosts.overcommit-disk"] } },
    stacks: {
      directory: values["stacks.directory"] ?? join(values.data, "stacks"),
      settleMs: values["stacks.settle"],
    },
    capsules: {
      driver: values["capsules.driver"],
      openPorts: values["capsules.open-ports"],
      quota: {
        capsules: values["capsules.max-per-team"],
        vcpus: values["capsules.max-vcpus-per-team"],
        memoryMb: values["capsules.max-memory-mb-per-team"],
      },
    },
    registries: { allowNetworks: networksOf(values["registries.allow-networks"] ?? []) },
    openid: { allowNetworks: networksOf(values["openid.allow-networks"] ?? []) },
    notifications: {
      allowNetworks: networksOf(values["notifications.allow-networks"] ?? []),
      telegramUrl: values["notifications.telegram-url"],
    },
    snapshots: { keepUsedMs: values["snapshots.keep-days"] * 86_400_000 },
    events: { keepRows: values["events.keep-rows"], keepMs: values["events.keep-days"] * 86_400_000 },
  };
}

function masterKeyOf({ "master-key": text, "master-key-file": file }: SettingValues): Config["masterKey"] {
  if (text !== undefined) return { text };
  return file === undefined ? undefined : { file };
}

function s3Settings(values: SettingValues): Config["s3"] {
  const [endpoint, bucket, accessKey, secretKey] = s3Needs.map((name) => values[name]);
  if (!endpoint || !bucket || !accessKey || !secretKey) return undefined;
  return { endpoint, bucket, accessKey, secretKey, region: values["s3-region"] };
}

function wrennSettings(values: SettingValues): Config["wrenn"] {
  const { "wrenn.github-client-id": clientId, "wrenn.github-client-secret": clientSecret } = values;
  const github = { url: values["wrenn.github-url"], apiUrl: values["wrenn.github-api-url"] };
  return {
    signup: values["wrenn.signup"],
    frontendUrl: values["wrenn.frontend-url"],
    github: clientId && clientSecret ? { ...github, clientId, clientSecret } : undefined,
    oauthQuery: values["wrenn.oauth-query"],
  };
}

function scriptSettings(values: SettingValues): Config["scripts"] {
  return {
    open: values["scripts.open"],
    keepHeaps: values["scripts.heaps"],
    consoleFormat: values["scripts.console"],
    engines: values["scripts.engines"],
    maxWaiting: values["scripts.max-waiting"],
    maxMemoryMb: values["scripts.max-memory"],
    maxOutputBytes: values["scripts.max-output"] * 1_048_576,
    maxFilesBytes: values["scripts.max-files"] * 1_048_576,
    policyFile: values["scripts.policy"],
    heapCacheBytes: values["scripts.heap-cache"] * 1_048_576,
    retention: {
      maxExecutions: values["scripts.keep-executions"],
      maxAgeMs: values["scripts.keep-days"] * 86_400_000,
      maxSessionAgeMs: values["scripts.session-keep"] * 86_400_000,
    },
    heapKeepMs: values["scripts.heap-keep"] * 86_400_000,
  };
}

function effectiveSetting(key: SettingKey, given: GivenSetting | undefined, env: Environment): EffectiveSetting {
  const { show, help, fallback }: Setting<unknown> = settings[key];
  const text = given?.given.join(", ") ?? fallback?.(env);
  return { key, shown: text !== undefined && show ? show(text) : text, origin: given?.place ?? "default", help };
}
