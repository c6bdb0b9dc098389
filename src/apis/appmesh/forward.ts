/** Requests that are meant for another node: `X-Target-Host` names it, and this server hands the request on. The target authenticates it as
 *  its own. Only targets that the operator has listed are asked, or anybody could make this server talk to whatever it can reach; a
 *  target that is this very server is answered here, as if it had not been named. */
import { lookup } from "node:dns/promises";
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import { hostname } from "node:os";
import { pipeline } from "node:stream/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { formatUrl, type ListenSpec } from "../../platform/http/listen-spec.ts";
import { isLoopbackAddress } from "../../platform/http/local-request.ts";
import { requestSignal } from "../../platform/http/request-signal.ts";
import { parseTarget } from "../../platform/http/target.ts";

export interface ForwardParts {
  /** Targets that requests may be handed on to. */
  readonly forwardTo: readonly Target[];
  /** Where this server listens. */
  readonly listeners: () => readonly ListenSpec[];
  readonly settings: { verifiesTargets(): Promise<boolean> };
}

export type Target = Pick<ListenSpec, "host" | "port">;

const header = "x-target-host";
const connectMs = 10_000;
/** The SDKs wait as long for a reply. */
const silenceMs = 300_000;

export function forwardRequests(app: ApiInstance, parts: ForwardParts): void {
  app.addHook("onRequest", (request, reply, done) => {
    const text = request.headers[header];
    if (text === undefined || text === "") return done();
    const fail = (error: unknown): void => void reply.send(error);
    try {
      const target = targetOf(String(text), request);
      if (isThisServer(target, request, parts)) return done();
      refuseUnlisted(target, request, parts);
      forward(target, request, reply, parts).catch(fail); // `done` is not called: the reply is the target's
    } catch (error) {
      fail(error);
    }
  });
}

function targetOf(text: string, request: ApiRequest): ListenSpec {
  const { localPort = 0 } = request.raw.socket;
  try {
    return parseTarget(text, { secure: request.protocol === "https", port: localPort });
  } catch (error) {
    throw error instanceof YardError ? refusal(error.message) : error;
  }
}

function isThisServer({ host, port }: Target, request: ApiRequest, { listeners }: ForwardParts): boolean {
  const { localPort, localAddress } = request.raw.socket;
  const isOurPort = port === localPort || listeners().some((listener) => listener.port === port);
  return isOurPort && (isLoopback(host) || host === localAddress || host === hostname().toLowerCase());
}

function isLoopback(host: string): boolean {
  return host === "localhost" || isLoopbackAddress(host);
}

function refuseUnlisted({ host, port }: Target, request: ApiRequest, { forwardTo }: ForwardParts): void {
  if (!forwardTo.some((allowed) => allowed.host === host && allowed.port === port)) {
    throw refusal(`requests are not handed on to ${host}:${port}; its operator lists targets in appmesh.forward-to`);
  }
  // Whoever has no token of the target has no business with it: this server is not to be a way around a firewall.
  if (!request.headers.authorization && !request.headers.cookie) {
    throw new YardError("unauthenticated", "a token of the target is needed: send it as Authorization: Bearer");
  }
}

function refusal(message: string): YardError {
  return new YardError("invalid", message, { field: "X-Target-Host" });
}

async function forward(target: ListenSpec, request: ApiRequest, reply: ApiReply, parts: ForwardParts): Promise<void> {
  const signal = requestSignal(reply);
  try {
    const address = await addressOf(target.host);
    const verify = await parts.settings.verifiesTargets();
    const incoming = await exchange(connect(target, address, { request, verify, signal }), request.raw);
    await handBack(incoming, reply);
  } catch (error) {
    if (signal.aborted) return void reply.raw.destroy(); // the client has gone, or the server is closing
    const reason = error instanceof YardError ? error.message : (errnoOf(error) ?? String(error));
    request.log.warn({ requestId: request.id, err: error }, "a request could not be handed on");
    const message = `X-Target-Host: ${formatUrl(target)} did not answer: ${reason}`;
    reply.code(500).send({ message });
  }
}

/** As it came: it is the target's, not a reply of the route. One that breaks off breaks off here, too. */
async function handBack(incoming: IncomingMessage, reply: ApiReply): Promise<void> {
  const headers = { ...reply.getHeaders(), ...endToEnd(incoming.headers) } as OutgoingHttpHeaders;
  reply.hijack();
  reply.raw.writeHead(incoming.statusCode ?? 500, headers);
  await pipeline(incoming, reply.raw).catch(() => reply.raw.destroy());
}

/** Resolved once: what was checked is what is connected to. @throws {YardError} for a name that leads where no node is */
async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0 || isLoopback(host)) return host; // listed as it is
  const { address, family } = await lookup(host);
  if (nowhere.check(address, family === 6 ? "ipv6" : "ipv4")) {
    throw new YardError("invalid", `the name leads to ${address}, which is no address of another node`);
  }
  return address;
}

/** Where a name must not lead, whoever answers for it: this machine itself, its neighbours' metadata services, everybody. */
const nowhere = new BlockList();
for (const [address, bits] of [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
] as const) {
  nowhere.addSubnet(address, bits, "ipv4");
}
for (const [address, bits] of [
  ["::", 127],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  nowhere.addSubnet(address, bits, "ipv6");
}

function connect(
  { secure, host, port }: ListenSpec,
  address: string,
  { request, verify, signal }: { request: ApiRequest; verify: boolean; signal: AbortSignal },
): ClientRequest {
  const { method, url, headers } = request.raw;
  const options = {
    host: address,
    ...{ port, method, path: url, signal },
    headers: { ...endToEnd(headers), host: new URL(formatUrl({ secure, host, port })).host },
    agent: false as const, // a connection of its own
    timeout: connectMs,
  };
  if (!secure) return requestHttp(options);
  return requestHttps({ ...options, rejectUnauthorized: verify, servername: isIP(host) === 0 ? host : "" });
}

/** Sends the body as it arrives. @returns the reply, once its head is there. Redirects are replies like any other. */
function exchange(outgoing: ClientRequest, body: IncomingMessage): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("socket", (socket) => socket.once("connect", () => outgoing.setTimeout(silenceMs)));
    outgoing.on("timeout", () => outgoing.destroy(new YardError("timeout", "it was silent for too long")));
    outgoing.once("response", resolve);
    outgoing.on("error", reject); // also later ones, which the reply's stream reports
    body.pipe(outgoing);
  });
}

/** What concerns one connection only. @see RFC 9110, section 7.6.1 */
const hopByHop: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"],
  ...["te", "trailer", "transfer-encoding", "upgrade", "expect", "host", header],
]);

function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set((headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
  const kept = Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.has(name));
  return Object.fromEntries(kept.filter((entry): entry is [string, string | string[]] => entry[1] !== undefined));
}
