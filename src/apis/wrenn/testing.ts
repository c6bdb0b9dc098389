/** Requests as Wrenn's clients send them, for tests. */
import assert from "node:assert/strict";

export interface WrennReply<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a JSON reply. */
  readonly json: Body;
}

export interface WrennRequest {
  readonly token?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** What a reply may hold that tests look at. */
export interface AnyBody {
  readonly error: { readonly code: string; readonly message: string };
  readonly id: string;
  readonly token: string;
  readonly team_id: string;
  readonly user_id: string;
  readonly [name: string]: unknown;
}

export async function askWrenn<Body = AnyBody>(
  url: string,
  method: string,
  path: string,
  { token, key, headers = {}, body }: WrennRequest = {},
): Promise<WrennReply<Body>> {
  const response = await fetch(new URL(path, url), {
    method,
    redirect: "manual",
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(key !== undefined && { "x-api-key": key }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

export interface SignedUp {
  readonly email: string;
  readonly token: string;
  readonly userId: string;
  readonly teamId: string;
  /** Of the team. */
  readonly key: string;
}

/** A new account, and a key of its team. */
export async function signUp(url: string, name: string): Promise<SignedUp> {
  const email = `${name}@example.test`;
  const account = await askWrenn(url, "POST", "/v1/auth/signup", { body: { email, name, password: "right password" } });
  assert.equal(account.status, 201, account.text);
  const { token, user_id: userId, team_id: teamId } = account.json;
  const key = await askWrenn<{ key: string }>(url, "POST", "/v1/api-keys", { token, body: { name: "test" } });
  assert.equal(key.status, 201, key.text);
  return { email, token, userId, teamId, key: key.json.key };
}
