/** Replies of an engine that are asked for and read by ourselves: an engine on another machine may be anybody's, and the client library reads whatever it sends
 *  into memory. It also spends more time on describing a request for its debugging than the rest of a small one takes. */
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request as send } from "node:http";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { YardError } from "../errors.ts";
import { apiVersion } from "./engine.ts";

export interface EngineQuery {
  readonly query?: Readonly<Record<string, string | number | boolean | object>>;
  /** Sent by POST; without one it is a GET. */
  readonly body?: object;
  readonly abortSignal?: AbortSignal;
}

/** Of a list that is read whole: 5,000 containers with many labels are a tenth of it. */
const usualMaxBytes = 64 * 1024 * 1024;
const maxRefusalBytes = 64 * 1024;

/** The reply's body is a stream that ends with the signal. @throws what the engine refuses with, as the library's methods do */
export async function openEngineReply(docker: Docker, path: string, query: EngineQuery = {}): Promise<IncomingMessage> {
  const request = ask(docker, path, query);
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve).on("error", reject);
  });
  if (reply.statusCode === 200 || reply.statusCode === 201) return reply;
  throw await refusalOf(reply);
}

/** Asks for what turns the connection into a stream both ways, which ends with the signal. @throws as `openEngineReply` */
export function openEngineConnection(docker: Docker, path: string, query: EngineQuery): Promise<Duplex> {
  const request = ask(docker, path, query, { connection: "Upgrade", upgrade: "tcp" });
  return new Promise((resolve, reject) => {
    request.on("upgrade", (_reply, connection: Duplex, head) => {
      if (head.length > 0) connection.unshift(head);
      if (query.abortSignal) endWith(query.abortSignal, connection);
      resolve(connection);
    });
    request.on("response", (reply) => void refusalOf(reply).then(reject, reject));
    request.on("error", reject);
  });
}

function ask(
  docker: Docker,
  path: string,
  { query = {}, body, abortSignal }: EngineQuery,
  headers: Readonly<Record<string, string>> = {},
): ClientRequest {
  const parameters = Object.entries(query).map(([name, value]): [string, string] => [name, textOf(value)]);
  const search = parameters.length === 0 ? "" : `?${new URLSearchParams(parameters)}`;
  const text = body && JSON.stringify(body);
  const request = send({
    ...wayTo(docker),
    method: text === undefined ? "GET" : "POST",
    path: `/${apiVersion}${path}${search}`,
    headers: {
      ...headers,
      ...(text !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    },
  });
  if (abortSignal) endWith(abortSignal, request);
  request.end(text);
  return request;
}

/** As the option `signal` of a request does, which costs as much as the rest of it. */
function endWith(signal: AbortSignal, open: ClientRequest | Duplex): void {
  const end = () => void open.destroy(new Error("The request was given up.", { cause: signal.reason }));
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  open.once("close", () => signal.removeEventListener("abort", end));
}

/** As its client library goes. */
function wayTo({ modem }: Docker): RequestOptions {
  return {
    ...("socketPath" in modem && typeof modem.socketPath === "string" && { socketPath: modem.socketPath }),
    ...("agent" in modem && modem.agent instanceof Agent && { agent: modem.agent, host: "docker" }),
  };
}

function textOf(value: string | number | boolean | object): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

async function refusalOf(reply: IncomingMessage): Promise<Error> {
  const text = (await read(reply, maxRefusalBytes)).toString("utf8");
  return Object.assign(new Error(messageIn(text)), { statusCode: reply.statusCode });
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return String(message);
  } catch {
    return text;
  }
}

/** Of an answer that is read whole. */
export interface BoundedQuery extends EngineQuery {
  readonly maxBytes?: number;
}

/** @throws {YardError} too_large */
export async function readEngineText(
  docker: Docker,
  path: string,
  { maxBytes = usualMaxBytes, ...request }: BoundedQuery = {},
): Promise<string> {
  return (await read(await openEngineReply(docker, path, request), maxBytes)).toString("utf8");
}

/** @throws {YardError} too_large; internal, for what is no JSON */
export async function readEngineJson(docker: Docker, path: string, request: BoundedQuery = {}): Promise<unknown> {
  const text = await readEngineText(docker, path, request);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new YardError("internal", "The Docker engine's reply is no JSON.", { cause });
  }
}

/** By its events: iterating over a stream costs more than reading a short one. */
function read(reply: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    reply.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes <= maxBytes) return void parts.push(part);
      reply.destroy(new YardError("too_large", `The Docker engine's reply is longer than ${maxBytes} bytes.`));
    });
    reply.on("end", () => resolve(Buffer.concat(parts)));
    reply.on("error", reject);
  });
}
