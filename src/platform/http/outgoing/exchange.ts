/** One request to one of the addresses that were decided on, and its response. No connection is kept: one that was made for a rule is used for
 *  nothing else. */
import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { pipeline, type Transform } from "node:stream";
import zlib from "node:zlib";
import { ExchangeError } from "./exchange-error.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
}

/** Dispose of it: that ends the connection. */
export interface HttpResponse extends Disposable {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly [name: string, value: string][];
  /** All of it, decompressed. @throws {ExchangeError} for more than `maxBytes` */
  read(maxBytes: number): Promise<Buffer>;
  /** The same as it comes. */
  stream(maxBytes: number): AsyncIterable<Buffer>;
}

/** @param addresses what the host's name stands for, whatever a resolver would say now
 *  @throws the errors of sockets and TLS */
export async function exchange(
  { method, url, headers, body }: HttpRequest,
  { addresses, signal }: { readonly addresses: readonly LookupAddress[]; readonly signal: AbortSignal },
): Promise<HttpResponse> {
  const { request } = url.protocol === "https:" ? https : http;
  const outgoing = request(url, { method, agent: false, lookup: pinnedTo(addresses), signal });
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  outgoing.on("error", () => {}); // also of one that breaks when nobody waits for it any more
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  response.on("error", () => {});
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? "",
    headers: pairsOf(response.rawHeaders),
    read: async (maxBytes) => Buffer.concat(await Array.fromAsync(bounded(method, response, maxBytes))),
    stream: (maxBytes) => bounded(method, response, maxBytes),
    [Symbol.dispose]: () => void outgoing.destroy(),
  };
}

function pinnedTo(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
}

async function* bounded(method: string, response: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of decompressed(method, response)) {
    length += chunk.length;
    if (length > maxBytes) throw new ExchangeError(`the response is longer than ${maxBytes} bytes`);
    yield chunk;
  }
}

export const understoodEncodings = "gzip, deflate, br, zstd";
const decompressors: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ["gzip", zlib.createGunzip],
  ["x-gzip", zlib.createGunzip],
  ["deflate", zlib.createInflate],
  ["br", zlib.createBrotliDecompress],
  ["zstd", zlib.createZstdDecompress],
]);

function decompressed(method: string, response: IncomingMessage): AsyncIterable<Buffer> {
  const hasBody = method !== "HEAD" && response.statusCode !== 204 && response.statusCode !== 304;
  const create = decompressors.get(response.headers["content-encoding"]?.toLowerCase() ?? "");
  if (!hasBody || create === undefined) return response;
  return pipeline(response, create(), () => {}); // what breaks, the reader is told
}

function pairsOf(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2]!, raw[index * 2 + 1]!]);
}
