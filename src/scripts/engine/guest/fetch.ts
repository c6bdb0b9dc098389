/** `Request`, `Response` and `fetch`, which is a call to the host: the connection, its rules and its limits are there. `fetch` exists only
 *  where the host would answer it. */
import type { GuestCalls } from "./calls.ts";

export function createFetch({ call }: GuestCalls): (input: unknown, init?: object) => Promise<unknown> {
  /** As far as a body goes: bytes that are read once. */
  class Body {
    #bytes: Uint8Array | undefined;
    bodyUsed = false;
    readonly headers: Headers;

    constructor(body: unknown, headers: Headers) {
      this.headers = headers;
      if (body === undefined || body === null) return;
      const { bytes, type } = encodeBody(body);
      this.#bytes = bytes;
      if (type !== "" && !headers.has("content-type")) headers.set("content-type", type);
    }
    async bytes(): Promise<Uint8Array> {
      if (this.bodyUsed) throw new TypeError("The body has been read already.");
      this.bodyUsed = this.#bytes !== undefined;
      return this.#bytes ?? new Uint8Array();
    }
    async arrayBuffer() {
      return (await this.bytes()).slice().buffer;
    }
    async blob() {
      return new Blob([(await this.bytes()) as Uint8Array<ArrayBuffer>], {
        type: this.headers.get("content-type") ?? "",
      });
    }
    async text() {
      return new TextDecoder().decode(await this.bytes());
    }
    async json() {
      return JSON.parse(await this.text());
    }
    /** @internal of this folder: the bytes, for a copy */
    peek(): Uint8Array | undefined {
      if (this.bodyUsed) throw new TypeError("The body has been read already.");
      return this.#bytes;
    }
  }

  function encodeBody(body: unknown): { bytes: Uint8Array; type: string } {
    if (body instanceof ArrayBuffer) return { bytes: new Uint8Array(body.slice(0)), type: "" };
    if (ArrayBuffer.isView(body))
      return { bytes: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice(), type: "" };
    if (body instanceof URLSearchParams)
      return {
        bytes: new TextEncoder().encode(String(body)),
        type: "application/x-www-form-urlencoded;charset=UTF-8",
      };
    return { bytes: new TextEncoder().encode(String(body)), type: "text/plain;charset=UTF-8" };
  }

  interface Init {
    method?: string;
    headers?: ConstructorParameters<typeof Headers>[0];
    body?: unknown;
    signal?: AbortSignal;
    status?: number;
    statusText?: string;
    redirect?: string;
  }

  class Request extends Body {
    readonly url: string;
    readonly method: string;
    readonly redirect: string;
    readonly signal: AbortSignal;
    constructor(input: unknown, init: Init = {}) {
      const from = input instanceof Request ? input : undefined;
      super(init.body ?? from?.peek(), new Headers(init.headers ?? from?.headers));
      this.url = from?.url ?? new URL(String(input)).href;
      this.method = (init.method ?? from?.method ?? "GET").toUpperCase();
      this.redirect = init.redirect ?? from?.redirect ?? "follow";
      this.signal = init.signal ?? from?.signal ?? new AbortController().signal;
      if (this.peek() !== undefined && (this.method === "GET" || this.method === "HEAD"))
        throw new TypeError(`A ${this.method} request cannot have a body.`);
    }
    clone() {
      return new Request(this);
    }
  }

  class Response extends Body {
    readonly status: number;
    readonly statusText: string;
    readonly ok: boolean;
    readonly redirected: boolean = false;
    readonly type: string = "default";
    url = "";
    constructor(body?: unknown, init: Init = {}) {
      super(body, new Headers(init.headers));
      this.status = init.status ?? 200;
      this.statusText = init.statusText ?? "";
      this.ok = this.status >= 200 && this.status < 300;
    }
    static json(value: unknown, init: Init = {}) {
      const response = new Response(JSON.stringify(value), init);
      if (new Headers(init.headers).get("content-type") === null)
        response.headers.set("content-type", "application/json");
      return response;
    }
    static error() {
      return new Response(undefined, { status: 0 });
    }
    clone() {
      return Object.assign(new Response(this.peek(), this), { url: this.url });
    }
  }

  for (const [name, value] of Object.entries({ Request, Response }))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

  return async function fetch(input, init) {
    const request = new Request(input, init as Init);
    request.signal.throwIfAborted();
    const { url, method, redirect } = request;
    const headers: [string, string][] = [];
    request.headers.forEach((value, name) => void headers.push([name, value]));
    const aborted = new Promise<never>((_, reject) =>
      request.signal.addEventListener("abort", () => reject(request.signal.reason), { once: true }),
    );
    const answer = call("fetch", { url, method, redirect, headers }, request.peek());
    const { value, content } = await Promise.race([answer, aborted]);
    const head = value as {
      status: number;
      statusText: string;
      url: string;
      redirected?: boolean;
      headers: [string, string][];
    };
    const { url: from, redirected = false } = head;
    const response = new Response(content, { ...head, headers: new Headers(head.headers) });
    return Object.assign(response, { url: from, redirected });
  };
}
