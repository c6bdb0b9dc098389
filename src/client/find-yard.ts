/** Which yard the command line talks to, and as whom: what is named (flag, then environment), else the session that `runyard login`
 *  keeps, else the yard of this machine. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { YardError } from "../platform/errors.ts";
import { openCredentialStore } from "./credentials.ts";
import { readLocalYard } from "./local-yard.ts";

export interface YardAddress {
  readonly url: string;
  readonly token?: string;
  /** Certificates (PEM) that are trusted in place of the system's. */
  readonly ca?: string;
  /** What is shown where a certificate counts in place of a token, and by what name the other end has to be certified. PEM. */
  readonly proof?: { readonly cert: string; readonly key: string; readonly servername: string };
}

export interface YardFlags {
  readonly url?: string;
  readonly token?: string;
  /** Path of a PEM file. */
  readonly ca?: string;
}

export const defaultUrl = "http://127.0.0.1:7700";

/** @throws {YardError} unauthenticated, when no credential is known */
export async function findYard(
  flags: YardFlags,
  env: NodeJS.ProcessEnv,
  nowMs: number,
): Promise<YardAddress & { token: string }> {
  const named = flags.url ?? env.RUNYARD_URL;
  const url = named === undefined ? undefined : parseYardUrl(named);
  const token = flags.token ?? env.RUNYARD_TOKEN;
  const ca = flags.ca === undefined ? undefined : await readCertificates(flags.ca);
  if (url !== undefined && token) return { url, token, ca };

  const login = await openCredentialStore(env).find(url);
  if (login) {
    if (!token && login.credential.expiresAt <= nowMs) {
      throw new YardError(
        "unauthenticated",
        `the session of ${login.credential.username} at ${login.url} has expired. Log in again with \`runyard login --url ${login.url}\`.`,
      );
    }
    return { url: login.url, token: token ?? login.credential.token, ca: ca ?? login.credential.certificate };
  }

  const local = await readLocalYard(dataDirectoryOf(env));
  if (local && (url === undefined || url === parseYardUrl(local.url))) {
    return { url: parseYardUrl(local.url), token: token ?? local.token, ca: ca ?? local.certificate };
  }
  if (token) return { url: url ?? defaultUrl, token, ca };
  throw new YardError(
    "unauthenticated",
    url === undefined
      ? "no yard is known here. Start one with `runyard serve`, or log in to one with `runyard login --url URL`."
      : `no credential is known for ${url}. Log in with \`runyard login --url ${url}\`, or set RUNYARD_TOKEN.`,
  );
}

/** The yard to log in to: the named one, else the one of this machine, else the default address. */
export async function findYardToLogInTo(flags: YardFlags, env: NodeJS.ProcessEnv): Promise<YardAddress> {
  const named = flags.url ?? env.RUNYARD_URL;
  const ca = flags.ca === undefined ? undefined : await readCertificates(flags.ca);
  const local = await readLocalYard(dataDirectoryOf(env)).catch(() => undefined); // another user's is none of ours
  const url = named === undefined ? (local ? parseYardUrl(local.url) : defaultUrl) : parseYardUrl(named);
  return { url, ca: ca ?? (local && parseYardUrl(local.url) === url ? local.certificate : undefined) };
}

/** Origin of a yard without a slash at its end, so that one yard has one spelling. */
export function parseYardUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.username || url.search || url.hash) {
    throw new YardError("invalid", `"${text}" is not the URL of a yard. It looks like ${defaultUrl}.`, {
      field: "--url",
    });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** The same default as the setting `data` has. */
function dataDirectoryOf(env: NodeJS.ProcessEnv): string {
  return env.RUNYARD_DATA
    ? resolve(env.RUNYARD_DATA)
    : join(env.XDG_DATA_HOME || join(env.HOME || homedir(), ".local", "share"), "runyard");
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new YardError("invalid", `cannot read ${path}: ${error instanceof Error ? error.message : error}`, {
      field: "--ca",
      cause: error,
    });
  }
}
