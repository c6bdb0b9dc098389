/** `Request`, `Response` and `fetch`, which is a call to the host: the connection, its rules and its limits are there. `fetch` exists only
 *  where the host would answer it. */
import type { BodyClass } from "./body.ts";
import type { GuestCalls } from "./calls.ts";

export function createFetch(
  { call }: GuestCalls,
  Body: BodyClass,
): (input: unknown, init?: object) => Promise<unknown> {
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
      super(init.body ?? (from && Body.copyOf(from)), new Headers(init.headers ?? from?.headers));
      this.url = from?.url ?? new URL(String(input)).href;
      this.method = (init.method ?? from?.method ?? "GET").toUpperCase();
      this.redirect = init.redirect ?? from?.redirect ?? "follow";
      this.signal = init.signal ?? from?.signal ?? new AbortController().signal;
      const hasBody = (init.body ?? from?.body ?? null) !== null;
      if (hasBody && (this.method === "GET" || this.method === "HEAD"))
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
      return Object.assign(new Response(Body.copyOf(this), this), { url: this.url });
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
    const sent = Promise.race([request.bytes(), aborted]);
    const answer = sent.then((bytes) => call("fetch", { url, method, redirect, headers }, bytes));
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
