/** HTTP to a coordinator and to where it keeps files. No User-Agent is sent: by that a coordinator knows its own kind of programs. `node:http` rather
 *  than `fetch`, which always sends one. */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import { errnoOf, YardError } from "../platform/errors.ts";

export interface Address {
  /** Origin; other servers' paths begin at the root. */
  readonly url: string;
  /** Certificates (PEM) that are trusted in place of the system's. */
  readonly ca?: string;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  /** Until the whole reply is there. */
  readonly timeoutMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Bytes at an absolute URL, which needs no token. */
export interface FileCall {
  readonly url: string;
  readonly signal: AbortSignal;
}

export interface CoordinatorHttp extends Disposable {
  /** One try.
   *  @throws {YardError} unavailable: nothing was sent; interrupted, timeout: nobody knows whether it was heard */
  request(call: Call): Promise<Reply>;
  /** The reply with its bytes still to come; whoever reads them ends with `signal`. */
  download(call: FileCall): Promise<IncomingMessage>;
  upload(call: FileCall & { readonly content: Readable; readonly bytes: number }): Promise<Reply>;
}

const answerMs = 30_000;
const longestReplyBytes = 64 * 1024 * 1024;
const longestFileReplyBytes = 64 * 1024;

/** @param locate where the coordinator is; asked again after each failure, for it may have moved */
export function createCoordinatorHttp({ locate }: { locate: () => Promise<Address> }): CoordinatorHttp {
  const agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };
  let located: Promise<Address> | undefined;

  async function send(
    url: URL,
    options: https.RequestOptions,
    body: Buffer | Readable | undefined,
  ): Promise<IncomingMessage> {
    const isSecure = url.protocol === "https:";
    const agent = agents[isSecure ? "https:" : "http:"];
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (isSecure ? https : http).request(url, { ...options, agent }, resolve);
    request.on("error", reject);
    // Tells when the machine behind a silent reply is gone.
    request.on("socket", (socket) => socket.setKeepAlive(true, 30_000));
    if (body === undefined || Buffer.isBuffer(body)) request.end(body);
    else sendStream(body, request);
    return await promise;
  }

  async function exchange(call: Call, address: Address): Promise<Reply> {
    const { method, path, token, json, timeoutMs = answerMs } = call;
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json", "content-length": String(body.length) }),
      ...call.headers,
    };
    const late = AbortSignal.timeout(timeoutMs);
    const signal = call.signal ? AbortSignal.any([call.signal, late]) : late;
    try {
      const response = await send(new URL(path, address.url), { method, headers, ca: address.ca, signal }, body);
      const text = await readText(response, longestReplyBytes);
      return { status: response.statusCode ?? 0, headers: response.headers, text };
    } catch (error) {
      call.signal?.throwIfAborted();
      throw asFailure(error, address, late.aborted ? timeoutMs : undefined);
    }
  }

  /** Our own storage may show the coordinator's certificate. */
  async function certificateFor(url: URL): Promise<string | undefined> {
    const address = await located;
    return address && new URL(address.url).origin === url.origin ? address.ca : undefined;
  }

  return {
    async request(call) {
      located ??= locate();
      try {
        return await exchange(call, await located);
      } catch (error) {
        located = undefined;
        throw error;
      }
    },
    async download({ url: text, signal }) {
      const url = fileUrl(text);
      return send(url, { method: "GET", signal, ca: await certificateFor(url) }, undefined);
    },
    async upload({ url: text, signal, content, bytes }) {
      const url = fileUrl(text);
      const headers = { "content-length": String(bytes) };
      const response = await send(url, { method: "PUT", headers, signal, ca: await certificateFor(url) }, content);
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: await readText(response, longestFileReplyBytes),
      };
    },
    [Symbol.dispose]() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** Whoever refuses what comes answers before all of it has come: then the rest is not sent, and the connection is of no more use. */
function sendStream(content: Readable, request: http.ClientRequest): void {
  content.once("error", (error) => request.destroy(error));
  request.once("close", () => content.destroy());
  request.once("response", (response) => {
    if (content.readableEnded) return;
    content.unpipe(request).destroy();
    response.once("close", () => request.destroy());
  });
  content.pipe(request);
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) throw new YardError("internal", `The answer is longer than ${maxBytes} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** @throws {YardError} internal: it is no URL that files can be at */
function fileUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new YardError("internal", "The coordinator has named a place for a file that is no URL.");
}

const neverSent = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"],
  ...["EADDRNOTAVAIL", "ENOENT"],
]);

function asFailure(error: unknown, { url }: Address, lateAfterMs: number | undefined): unknown {
  if (error instanceof YardError) return error;
  if (lateAfterMs !== undefined)
    return new YardError("timeout", `${url} has not answered within ${lateAfterMs / 1_000} s.`, { cause: error });
  const errno = errnoOf(error);
  const reason = error instanceof Error && error.message ? error.message : String(errno);
  if (errno !== undefined && (neverSent.has(errno) || /CERT|TLS|SIGNATURE/.test(errno)))
    return new YardError("unavailable", `Cannot connect to ${url} (${reason}).`, { cause: error });
  return new YardError("interrupted", `The connection to ${url} broke off (${reason}).`, { cause: error });
}
