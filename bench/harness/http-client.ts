/** A client that costs little: the load it makes shares the machine with what it measures. */
import { Agent, type IncomingMessage, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpClient extends Disposable {
  readonly url: string;
  /** The whole answer. @throws {Error} unless its status is 2xx, with what the server said */
  call(call: Call): Promise<Answer>;
  /** The answer's head; its body is the caller's to read to the end. */
  open(call: Call): Promise<IncomingMessage>;
}

/** No request takes longer: a benchmark that hangs is to say so. */
const timeoutMs = 120_000;

/** @param connections kept open, and the most requests at once
 *  @param socketPath where the server listens, if that is no port */
export function createHttpClient(
  url: string,
  connections: number,
  signal: AbortSignal,
  socketPath?: string,
): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: "fifo" });

  function open(call: Call): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const body = call.body === undefined ? undefined : JSON.stringify(call.body);
      const headers: Record<string, string | number> = { ...call.headers };
      if (body !== undefined)
        Object.assign(headers, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
      if (call.authorization !== undefined) headers.authorization = call.authorization;
      const outgoing = request(
        `${url}${call.path}`,
        { method: call.method, agent, headers, signal, ...(socketPath !== undefined && { socketPath }) },
        resolve,
      );
      outgoing.setTimeout(timeoutMs, () =>
        outgoing.destroy(new Error(`${call.method} ${call.path}: no answer within ${timeoutMs} ms`)),
      );
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  }

  return {
    url,
    open,
    async call(call) {
      const incoming = await open(call);
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const status = incoming.statusCode ?? 0;
      if (status < 200 || status > 299) {
        throw new Error(`${call.method} ${call.path} answered ${status}: ${body.toString("utf8", 0, 500)}`);
      }
      return { status, headers: incoming.headers, body };
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
