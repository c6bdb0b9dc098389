/** Requests as Mitosis' own programs send them, without a User-Agent, and as those of others, for tests. */
import { once } from "node:events";
import http, { type IncomingHttpHeaders } from "node:http";
import { text as readText } from "node:stream/consumers";
import type { Reading } from "./quirks.ts";

export interface MitosisReply<Body> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of a JSON reply. */
  readonly json: Body;
}

export interface MitosisRequest {
  /** Default: the Rust programs'. */
  readonly reading?: Reading;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** What a reply may hold that tests look at. */
export interface AnyBody {
  readonly msg: string;
  readonly error: string;
  readonly token: string;
  readonly [name: string]: unknown;
}

export async function askMitosis<Body = AnyBody>(
  url: string,
  method: string,
  path: string,
  { reading = "client", token, headers = {}, body }: MitosisRequest = {},
): Promise<MitosisReply<Body>> {
  const payload = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const request = http.request(new URL(path, url), {
    method,
    agent: false,
    headers: {
      ...(reading === "document" && { "user-agent": "generated/1.0" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(payload !== undefined && {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(payload)), // Node leaves it out of a DELETE
      }),
      ...headers,
    },
  });
  request.end(payload);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const text = await readText(response);
  const isJson = /json/.test(response.headers["content-type"] ?? "") && text !== "";
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}
