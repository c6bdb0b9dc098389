/** HTTP to a yard, as the command line needs it. `node:http` rather than `fetch`: it takes a certificate authority per request, follows no
 *  redirect (the token goes to the named yard and nowhere else), and starts 20 ms sooner. */
import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { errnoOf, YardError, type YardErrorCode } from "../platform/errors.ts";
import { packageVersion } from "../version.ts";
import type { YardAddress } from "./find-yard.ts";
import { inert } from "./inert.ts";
import { asObject, optionalTextField, parseObject } from "./json.ts";

export interface YardRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its leading slash; parts that are names are encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** In place of `json`: bytes as they are. */
  readonly bytes?: Uint8Array;
  /** In place of both: what is sent as it comes, of a length that nobody knows. It is destroyed when the yard has heard enough. */
  readonly stream?: Readable;
  readonly signal?: AbortSignal;
  /** Until the reply begins (default 30 s); its body may take as long as it takes. `Infinity`: a reply that may be silent for hours. While a
   *  `stream` is sent: without anything moving (default 2 min). */
  readonly timeoutMs?: number;
  /** Statuses besides 2xx that are the caller's affair. */
  readonly accept?: readonly number[];
}

export interface YardClient {
  readonly url: string;
  /** For what is no plain request: sockets, and requests as somebody else. */
  readonly address: YardAddress;
  /** @throws {YardError} unavailable (no yard there, or it went away), unauthenticated, forbidden, not_found, … as the yard answers */
  request(request: YardRequest): Promise<http.IncomingMessage>;
  /** For a URL that the yard has handed out, of itself or of its store: whoever holds that needs no credential, and gets none. */
  withoutCredential(origin: string): YardClient;
}

export function createYardClient(address: YardAddress): YardClient {
  const agent = new (address.url.startsWith("https:") ? https : http).Agent({ keepAlive: true });
  const fixedHeaders = headersFor(address);

  async function request(call: YardRequest): Promise<http.IncomingMessage> {
    const body = call.json === undefined ? call.bytes : Buffer.from(JSON.stringify(call.json));
    const headers: Record<string, string> = { ...fixedHeaders, accept: "*/*", ...call.headers };
    if (body) {
      headers["content-type"] ??= call.json === undefined ? "application/octet-stream" : "application/json";
      headers["content-length"] = String(body.length);
    }
    const url = new URL(`${address.url}${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));

    const response = await send(
      url,
      { agent, method: call.method, headers, ca: address.ca, ...address.proof, signal: call.signal },
      { whole: body, stream: call.stream },
      call.timeoutMs ?? (call.stream ? 120_000 : 30_000),
    );
    const status = response.statusCode ?? 0;
    if ((status >= 200 && status < 300) || call.accept?.includes(status)) return response;
    throw await errorIn(response, address.url);
  }

  return {
    url: address.url,
    address,
    request,
    // The yard's own certificate says nothing of others.
    withoutCredential: (origin) =>
      createYardClient({ url: origin, ca: origin === new URL(address.url).origin ? address.ca : undefined }),
  };
}

/** Who asks, and with what program. The keys of teams have a header of their own. */
export function headersFor({ token }: YardAddress): Record<string, string> {
  const credential: Record<string, string> = token?.startsWith("wrn_")
    ? { "x-api-key": token }
    : token
      ? { authorization: `Bearer ${token}` }
      : {};
  return { "user-agent": `runyard/${packageVersion()}`, ...credential };
}

async function send(
  url: URL,
  options: https.RequestOptions,
  body: { readonly whole: Uint8Array | undefined; readonly stream: Readable | undefined },
  timeoutMs: number,
): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = (url.protocol === "https:" ? https : http).request(url, options, resolve);
  const giveUp = (): void => void request.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`));
  using _timeout = Number.isFinite(timeoutMs) && !body.stream ? setTimeout(giveUp, timeoutMs) : undefined;
  // Finds out when the machine behind a silent reply is gone.
  request.on("socket", (socket) => socket.setKeepAlive(true, 30_000));
  request.on("error", reject);
  if (body.stream) request.setTimeout(timeoutMs, giveUp);
  if (body.stream) sendStream(body.stream, request);
  else request.end(body.whole);
  try {
    return await promise;
  } catch (error) {
    if (options.signal?.aborted || error === body.stream?.errored) throw error;
    throw cannotReach(url, error);
  }
}

/** A yard that refuses what comes answers before all has come: then only its reply is still to be read, and the connection is of no more use. */
function sendStream(stream: Readable, request: http.ClientRequest): void {
  stream.once("error", (error) => request.destroy(error));
  request.once("close", () => stream.destroy());
  request.once("response", (response) => {
    if (stream.readableEnded) return;
    stream.unpipe(request).destroy();
    response.once("close", () => request.destroy());
  });
  stream.pipe(request);
}

export function cannotReach(url: URL, cause: unknown): YardError {
  const errno = errnoOf(cause);
  const reason = cause instanceof Error && cause.message ? cause.message : String(errno);
  if (errno?.startsWith("ERR_TLS") || errno?.includes("CERT") || errno?.includes("SIGNATURE")) {
    return new YardError(
      "unavailable",
      `${url.origin} shows a certificate that is not trusted here (${reason}). Name the right one with --ca FILE.`,
      { cause },
    );
  }
  return new YardError(
    "unavailable",
    `cannot connect to ${url.origin} (${reason}). Is a yard running there? Start one with \`runyard serve\`.`,
    { cause },
  );
}

const codeOfStatus: Readonly<Record<number, YardErrorCode>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  408: "timeout",
  409: "conflict",
  412: "precondition",
  413: "too_large",
  417: "interrupted",
  422: "invalid",
  423: "locked",
  424: "precondition",
  429: "too_many",
  503: "unavailable",
  507: "storage_full",
};

/** What a reply says that is none of those that were asked for. */
export async function errorIn(response: http.IncomingMessage, yardUrl: string): Promise<YardError> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    response.resume();
    const target = response.headers.location ?? "another address";
    return new YardError(
      "precondition",
      `${yardUrl} redirects to ${inert(target)}. The credential is not sent there; name that URL with --url if it is right.`,
    );
  }
  const said = await reasonIn(response);
  const code = codeOfStatus[status] ?? "internal";
  if (code === "unauthenticated") {
    return new YardError(
      code,
      `${yardUrl} does not accept the credential (${said}). Log in with \`runyard login --url ${yardUrl}\`.`,
    );
  }
  return new YardError(code, code === "internal" ? `${yardUrl} answered ${status}: ${said}` : said);
}

/** What a reply says of why it is none of those that were asked for, on one line. */
export async function reasonIn(response: http.IncomingMessage): Promise<string> {
  return inert(messageIn(await readText(response)) ?? response.statusMessage ?? "no reason given");
}

const xmlMessage = /<Message>([^<]*)<\/Message>/;

/** What an error body of the yard's APIs says: `{"message"}`, `{"error":{"message"}}` or `{"error"}`; or of a store of files, in XML. */
function messageIn(body: string): string | undefined {
  try {
    const parsed = parseObject(body);
    if (typeof parsed.error === "string") return parsed.error;
    return optionalTextField(parsed.error === undefined ? parsed : asObject(parsed.error, '"error"'), "message");
  } catch {
    return xmlMessage.exec(body)?.[1]; // else an answer of something between the yard and us
  }
}

/** A whole body. @throws {YardError} too_large */
export async function readBytes(response: http.IncomingMessage, maxBytes = 16 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new YardError("too_large", `the yard's answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function readText(response: http.IncomingMessage): Promise<string> {
  return (await readBytes(response)).toString("utf8");
}

/** A whole body as what its JSON says. @throws {YardError} internal, if it is none */
export async function readJson(response: http.IncomingMessage): Promise<unknown> {
  const text = await readText(response);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new YardError("internal", "the answer is no JSON. Is it a yard that answers there?", { cause: error });
  }
}

/** Reads a body to its end without keeping it, so that the connection can be used again. */
export async function discard(response: http.IncomingMessage): Promise<void> {
  response.resume();
  await finished(response);
}
