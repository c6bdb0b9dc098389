/** The values of App Mesh's configuration by their path in its document (`REST.SSL.VerifyServer`): which can be set, and what the others are. */
import { isDeepStrictEqual } from "node:util";
import { YardError } from "../../platform/errors.ts";
import { findOsUser } from "../../platform/process/users.ts";
import { audiences } from "./routes/session.ts";
import { zoneText } from "./times.ts";

export type Value = string | number | boolean | readonly string[];
export type Values = Readonly<Record<string, Value>>;

/** What is decided at the start of the server. */
export interface ServerFacts {
  readonly hostname: string;
  /** Where App Mesh's clients are meant to ask. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly certificate: { readonly cert: string; readonly key: string };
}

const secretShown = "***";

/** What can be set: what it is until then, and how what is given becomes what is kept. */
export const settable: Readonly<
  Record<string, { readonly initial: Value; readonly accept?: (value: Value) => Value }>
> = {
  "BaseConfig.Description": { initial: "" },
  "BaseConfig.DefaultExecUser": { initial: "", accept: existingOsUser },
  "BaseConfig.DisableExecUser": { initial: false },
  "BaseConfig.ScheduleIntervalSeconds": { initial: 1, accept: within(1, 100, 2) },
  "BaseConfig.LogLevel": { initial: "INFO" },
  "REST.HttpThreadPoolSize": { initial: 2, accept: within(1, 39, 6) },
  "REST.SSL.VerifyServer": { initial: true },
  "REST.SSL.VerifyServerDelegate": { initial: true },
};

/** What is given for these is ignored, as App Mesh does: clients send back the document that they were shown. */
const readOnly: readonly string[] = ["BaseConfig.PosixTimezone"];

/** What cannot be set here, as it is. */
export function fixedValues(facts: ServerFacts): Values {
  return {
    "BaseConfig.WorkingDirectory": "",
    "BaseConfig.PosixTimezone": zoneText(new Date()),
    "REST.RestEnabled": true,
    "REST.RestListenPort": facts.listen.port,
    "REST.RestListenAddress": facts.listen.host,
    "REST.PrometheusExporterListenPort": 0,
    "REST.RestTcpPort": 0,
    "REST.SSL.VerifyClient": false,
    "REST.SSL.SSLCertificateFile": facts.certificate.cert,
    "REST.SSL.SSLCertificateKeyFile": facts.certificate.key,
    "REST.SSL.SSLClientCertificateFile": "",
    "REST.SSL.SSLClientCertificateKeyFile": "",
    "REST.SSL.SSLCaPath": "",
    "REST.JWT.JWTSalt": secretShown,
    "REST.JWT.Algorithm": "EdDSA",
    "REST.JWT.Issuer": "Runyard",
    "REST.JWT.Audience": audiences,
    "REST.JWT.SecurityInterface": "local",
  };
}

/** The values that may be kept. @throws {YardError} for one that is not what it truly is and cannot be set here */
export function settableAmong(given: ReadonlyMap<string, Value>, fixed: Values): Values {
  const kept: Record<string, Value> = {};
  for (const [path, value] of given) {
    const rule = Object.hasOwn(settable, path) ? settable[path] : undefined;
    if (rule) kept[path] = rule.accept ? named(path, () => rule.accept!(value)) : value;
    else if (Object.hasOwn(fixed, path) && !readOnly.includes(path) && !isDeepStrictEqual(fixed[path], value)) {
      throw new YardError(
        "precondition",
        "this is decided by the settings of the server (runyard config shows them), not by this operation",
        { field: path },
      );
    }
  }
  return kept;
}

/** All that is no object, by path. */
export function leaves(document: object, prefix = ""): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const [key, value] of Object.entries(document)) {
    const path = prefix + key;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (path !== "Labels") for (const [below, leaf] of leaves(value, `${path}.`)) found.set(below, leaf);
    } else found.set(path, value);
  }
  return found;
}

/** The document of values by path. Its paths are ours, never a caller's. */
export function nested(values: Values): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split(".");
    let place = document;
    for (const key of keys.slice(0, -1)) {
      place[key] ??= {};
      place = place[key] as Record<string, unknown>;
    }
    place[keys.at(-1)!] = value;
  }
  return document;
}

/** Only what this version knows, and only of the kind that it knows. */
export function parseStored(value: unknown): Values {
  if (typeof value !== "object" || value === null) return {};
  const known = Object.entries(value).filter(
    ([path, entry]) => Object.hasOwn(settable, path) && typeof entry === typeof settable[path]!.initial,
  );
  return Object.fromEntries(known);
}

function existingOsUser(value: Value): Value {
  if (value !== "" && !findOsUser(String(value))) {
    throw new YardError("invalid", `this machine has no user ${JSON.stringify(value)}`);
  }
  return value;
}

/** App Mesh takes another value for one that is out of bounds, and says so by showing it. */
function within(least: number, most: number, otherwise: number): (value: Value) => Value {
  return (value) => (Number(value) >= least && Number(value) <= most ? value : otherwise);
}

function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof YardError ? new YardError(error.code, error.message, { field: path }) : error;
  }
}
