/** `fetch` to a yard through the command line's own client: with its certificates, its token, and no redirect. */
import { Readable } from "node:stream";
import type { FetchLike } from "@modelcontextprotocol/client";
import type { YardClient, YardRequest } from "../../client/http.ts";
import { errnoOf, isYardError } from "../../platform/errors.ts";

export interface YardFetchParts {
  /** The yard as it can be found now; it listens elsewhere after a restart. */
  connect(): Promise<YardClient>;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the protocol makes something of; all others are refusals, with a sentence for people. */
const ofTheProtocol = [400, 404, 405];

/** Of a URL only the path counts. @throws {YardError} as `YardClient.request` */
export function createYardFetch({ connect, headers }: YardFetchParts): FetchLike {
  let client: YardClient | undefined;

  async function request(call: YardRequest) {
    client ??= await connect();
    try {
      return await client.request(call);
    } catch (error) {
      // Nothing was sent, so nothing can be done twice.
      if (!isYardError(error, "unavailable") || errnoOf(error.cause) !== "ECONNREFUSED") throw error;
      client = await connect();
      return await client.request(call);
    }
  }

  return async (url, init = {}) => {
    const response = await request({
      method: methodOf(init.method),
      path: new URL(url).pathname,
      headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers },
      bytes: typeof init.body === "string" ? Buffer.from(init.body) : undefined,
      signal: init.signal ?? undefined,
      timeoutMs: Number.POSITIVE_INFINITY, // a script may run long before its caller is answered
      accept: ofTheProtocol,
    });
    const answered = new Headers();
    for (const [name, value] of Object.entries(response.headers)) answered.set(name, String(value));
    return new Response(Readable.toWeb(response), { status: response.statusCode, headers: answered });
  };
}

function methodOf(method = "GET"): YardRequest["method"] {
  if (method === "GET" || method === "POST" || method === "DELETE") return method;
  throw new Error(`MCP knows no ${method}`);
}
