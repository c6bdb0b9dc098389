/** Calls of the yard's APIs, by method and path, with the types of their documents. */
import { CallError, errorOf, isAborted } from "./call-error.ts";
import { noteAway, noteSeen } from "./line.ts";
import type { Arguments, Operation, Reply } from "./operations.ts";
import { accessToken } from "./session.ts";
import { teamToken } from "./team-token.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Without a token: for signing in. */
  readonly anonymous?: boolean;
  /** The id of the team to speak for; none: one's own. */
  readonly team?: string | undefined;
  /** Until the reply begins, in milliseconds. Default a minute; `Infinity` for a stream whose first byte may be long in coming. */
  readonly timeoutMs?: number;
}

interface AnyInput {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

const usualTimeoutMs = 60_000;
const secondTryMs = 250;

/** @throws {CallError} */
export async function call<O extends Operation>(operation: O, ...args: Arguments<O, CallOptions>): Promise<Reply<O>> {
  const response = await request(operation, ...args);
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  // What the document promises is trusted here, and nowhere re-checked: yard and console are of one version.
  if (isJson) return (await response.json()) as Reply<O>;
  return (response.status === 204 ? undefined : await response.text()) as Reply<O>;
}

/** The same, for replies that are read as they come. @throws {CallError} */
export async function request<O extends Operation>(
  operation: O,
  ...[input, options = {}]: Arguments<O, CallOptions>
): Promise<Response> {
  const [method = "GET", template = "/"] = operation.split(" ");
  const { path, query, body } = (input ?? {}) as AnyInput;
  const url = urlOf(template, path, query);
  const send = async (token?: string): Promise<Response> => {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    const content = contentOf(body);
    if (typeof content === "string") headers.set("content-type", "application/json");
    return reach(url, { method, headers, body: content }, options);
  };
  if (options.anonymous) return checked(await send());
  const tokenOf = (refused?: string) =>
    options.team === undefined ? accessToken(refused) : teamToken(options.team, refused);
  const token = await tokenOf();
  const response = await send(token);
  // The yard may have ended the token before its time: with a password changed, say. A renewed one tells whether the login is over.
  return checked(response.status === 401 ? await send(await tokenOf(token)) : response);
}

/** JSON, or a form where a file is among the fields; its fields are in the order in which they were given. */
function contentOf(body: unknown): string | FormData | null {
  if (body === undefined) return null;
  const fields = Object.entries(Object(body));
  if (!fields.some(([, value]) => value instanceof Blob)) return JSON.stringify(body);
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value instanceof Blob ? value : String(value));
  return form;
}

async function reach(url: string, init: RequestInit, { signal, timeoutMs = usualTimeoutMs }: CallOptions) {
  const late = new AbortController();
  const timer = Number.isFinite(timeoutMs) ? setTimeout(() => late.abort(), timeoutMs) : undefined;
  try {
    const response = await fetchPatiently(url, {
      ...init,
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    });
    noteSeen();
    return response;
  } catch (error) {
    if (signal?.aborted && isAborted(error)) throw error;
    noteAway();
    throw new CallError("The yard cannot be reached. Is the network there, and does the yard run?", 0, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** What only reads is asked for a second time: browsers give up what waits for a connection when the network of their machine changes, as it does with each
 *  capsule that starts there. */
async function fetchPatiently(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.method !== "GET" || isAborted(error)) throw error;
    await new Promise((resolve) => setTimeout(resolve, secondTryMs));
    return fetch(url, init);
  }
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw await errorOf(response);
}

function urlOf(template: string, path: AnyInput["path"] = {}, query: AnyInput["query"] = {}): string {
  const filled = template.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(path[name])));
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] satisfies [string, string]],
  );
  return given.length === 0 ? filled : `${filled}?${new URLSearchParams(given)}`;
}
