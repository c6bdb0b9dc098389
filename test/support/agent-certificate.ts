/** An agent of somebody else's making: it has a certificate of the yard, or says so, and speaks TLS and WebSockets as it likes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { IncomingMessage } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import { type ClientOptions, WebSocket } from "ws";
import type { Caller } from "./dockmesh.ts";

export interface Invitation {
  readonly agent: { readonly id: string; readonly name: string; readonly status: string };
  readonly token: string;
  readonly agent_url: string;
  readonly install_hint: string;
}

export interface Granted {
  readonly agent_id: string;
  readonly client_cert: string;
  readonly client_key: string;
  readonly ca_cert: string;
  readonly agent_url: string;
}

export const machineFacts = { hostname: "stranger", os: "linux", arch: "amd64", version: "1.2.3" };

/** Adds an agent, and is its machine. */
export async function enrolStranger(admin: Caller, name: string): Promise<Granted> {
  const { token } = await admin.expect<Invitation>(201, "POST", "/agents", { name });
  return admin.expect<Granted>(200, "POST", "/agents/enroll", { token, ...machineFacts });
}

export function proofOf({ client_cert: cert, client_key: key, ca_cert: ca }: Granted) {
  return { cert, key, ca };
}

/** The WebSocket, once it is open, or the status by which it was refused. @throws what TLS or the network says */
export async function connectStranger(url: string, options: ClientOptions): Promise<WebSocket | number> {
  const socket = new WebSocket(url, options);
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket | IncomingMessage>();
  socket.once("open", () => resolve(socket));
  socket.once("unexpected-response", (_request, response) => resolve(response));
  socket.on("error", reject);
  const answer = await promise;
  if (!(answer instanceof IncomingMessage)) return answer;
  answer.destroy();
  socket.terminate();
  return answer.statusCode ?? 0;
}

export async function connected(granted: Granted): Promise<WebSocket> {
  const socket = await connectStranger(granted.agent_url, proofOf(granted));
  assert.ok(socket instanceof WebSocket, `refused with ${socket}`);
  return socket;
}

/** A plain request on the listener of agents. */
export async function askListener(granted: Granted, method: string, path: string, body?: unknown) {
  const url = new URL(path, granted.agent_url.replace(/^wss/, "https"));
  const request = https.request(url, { method, ...proofOf(granted), agent: false });
  if (body !== undefined) request.setHeader("content-type", "application/json");
  request.end(body === undefined ? undefined : JSON.stringify(body));
  const [response]: IncomingMessage[] = await once(request, "response");
  assert.ok(response);
  return { status: response.statusCode, json: JSON.parse(await text(response)) };
}
