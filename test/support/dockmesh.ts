/** A yard with people in it, and requests as Dockmesh's clients send them. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { type OpenedYard, openTestYard } from "./yard-in-process.ts";

/** What a reply may hold that tests look at. */
export interface AnyBody {
  readonly error: string;
  readonly id: string;
  readonly [name: string]: unknown;
}

export interface DockmeshReply<Body = AnyBody> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a JSON reply. */
  readonly json: Body;
}

export interface DockmeshRequest {
  readonly token?: string;
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** @param path below `/api/v1` */
export async function askDockmesh<Body = AnyBody>(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {}, signal = AbortSignal.timeout(60_000) }: DockmeshRequest = {},
): Promise<DockmeshReply<Body>> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    redirect: "manual",
    signal,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      "content-type": "application/json", // with and without a body, as the browser sends it
      ...headers,
    },
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = /[/+]json$/.test((response.headers.get("content-type") ?? "").split(";", 1)[0] ?? "") && text !== "";
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** Somebody who is logged in. */
export interface Caller {
  readonly userId: string;
  readonly username: string;
  readonly password: string;
  /** An access token. */
  readonly token: string;
  ask<Body = AnyBody>(
    method: string,
    path: string,
    body?: unknown,
    options?: DockmeshRequest,
  ): Promise<DockmeshReply<Body>>;
  /** The same where any status but this one fails the test. */
  expect<Body = AnyBody>(status: number, method: string, path: string, body?: unknown): Promise<Body>;
}

export interface DockmeshYard {
  /** Once the suite has begun. */
  readonly url: string;
  readonly opened: OpenedYard;
  /** The administrator. */
  readonly admin: Caller;
  /** Without a credential, unless `options` has one. */
  ask<Body = AnyBody>(
    method: string,
    path: string,
    body?: unknown,
    options?: DockmeshRequest,
  ): Promise<DockmeshReply<Body>>;
  /** A new user. @param hostTags holds the user to hosts that have one of them */
  makeUser(role: string, hostTags?: readonly string[]): Promise<Caller>;
}

type Flags = Readonly<Record<string, string>>;

const password = "right password";

/** Belongs into the body of a suite: the yard starts before its tests and ends after them. */
export function useDockmeshYard(flags: Flags | (() => Flags | Promise<Flags>) = {}): DockmeshYard {
  let opened: OpenedYard;
  let admin: Caller;
  let made = 0;
  before(async () => {
    opened = await openTestYard(typeof flags === "function" ? await flags() : flags);
    admin = await callerOf(opened, "admin");
  });
  after(() => opened[Symbol.asyncDispose]());
  return {
    get url() {
      return opened.url;
    },
    get opened() {
      return opened;
    },
    get admin() {
      return admin;
    },
    ask: (method, path, body, options) => askDockmesh(opened.url, method, path, { body, ...options }),
    async makeUser(role, hostTags = []) {
      made += 1;
      const username = `${role.replaceAll(/\W/g, "-")}${made}`;
      await opened.yard.identity.users.create({ username, password, roles: [role], hostTags });
      return callerOf(opened, username);
    },
  };
}

/** With a session of its own, opened without the cost of hashing a password. */
export async function callerOf({ yard, url }: OpenedYard, username: string): Promise<Caller> {
  const { id: userId } = await yard.identity.users.get(username);
  const { token } = await yard.identity.sessions.open(userId, { api: "dockmesh" });
  const ask: Caller["ask"] = (method, path, body, options) =>
    askDockmesh(url, method, path, { token, body, ...options });
  return {
    ...{ userId, username, password, token, ask },
    async expect<Body>(status: number, method: string, path: string, body?: unknown) {
      const reply = await ask<Body>(method, path, body);
      assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
      return reply.json;
    },
  };
}
