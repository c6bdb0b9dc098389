/** The least App Mesh client that the tests need: raw requests with a bearer token, replies as they came. */
import assert from "node:assert/strict";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  json<T = Record<string, unknown>>(): T;
}

export interface AppMesh {
  /** `path` below `/appmesh`. A `body` that is no string is sent as JSON. Network errors reject. */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<Reply>;
  /** The same, and anything but a 2xx status fails the test. */
  expect(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Reply>;
}

export async function logIn(url: string, username: string, password: string): Promise<AppMesh> {
  const token = await tokenOf(url, username, password);
  return appMesh(() => url, token);
}

/** Logs in. @returns an access token, which is good at every API */
export async function tokenOf(url: string, username: string, password: string): Promise<string> {
  const basic = Buffer.from(`${username}:${password}`).toString("base64");
  const reply = await fetch(`${url}/appmesh/login`, { method: "POST", headers: { authorization: `Basic ${basic}` } });
  assert.equal(reply.status, 200, await reply.clone().text());
  const { access_token: token } = (await reply.json()) as { access_token: string };
  return token;
}

/** `url` is asked for at each request: a restarted server listens elsewhere. */
export function appMesh(url: () => string, token: string | undefined): AppMesh {
  const request: AppMesh["request"] = async (method, path, options = {}) => {
    const body =
      options.body === undefined || typeof options.body === "string"
        ? (options.body as string | undefined)
        : JSON.stringify(options.body);
    const reply = await fetch(`${url()}/appmesh${path}`, {
      method,
      body,
      headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...options.headers },
      signal: options.signal ?? AbortSignal.timeout(60_000),
    });
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, text, json: <T>() => JSON.parse(text) as T };
  };
  return {
    request,
    expect: async (method, path, options) => {
      const reply = await request(method, path, options);
      assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${reply.text}`);
      return reply;
    },
  };
}
