/** One connection to the yard: opened, watched, ended. */
import { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import { type ClientOptions, WebSocket } from "ws";
import { maskingFor, removedHeader, tunnelSocketOptions, tunnelStream } from "../../platform/tunnel-stream.ts";

/** Where the yard is, and what is shown to it: a token in a header, or a certificate. */
export interface Approach {
  readonly target: string;
  readonly options: Pick<ClientOptions, "ca" | "cert" | "key" | "headers"> & Pick<ConnectionOptions, "servername">;
}

export interface DialParts extends Approach {
  readonly signal: AbortSignal;
  readonly silenceMs: number;
}

/** `refused`: the yard does not take what it is shown. `removed`: it does, and has removed the host. */
export type Dialled =
  | { readonly kind: "open"; readonly stream: Duplex; readonly ended: Promise<void> }
  | { readonly kind: "refused" }
  | { readonly kind: "removed" };

const dialTimeoutMs = 20_000;
const watchMs = 1_000;

/** @throws if the yard cannot be reached, or answers with something else */
export async function dial({ target, options, signal, silenceMs }: DialParts): Promise<Dialled> {
  signal.throwIfAborted();
  const url = new URL(target);
  const socket = new WebSocket(url, {
    ...tunnelSocketOptions,
    ...maskingFor(url),
    ...options,
    handshakeTimeout: dialTimeoutMs,
  });
  const cut = () => socket.terminate();
  signal.addEventListener("abort", cut, { once: true });
  const ended = new Promise<void>((resolve) => socket.once("close", resolve));
  void ended.then(() => signal.removeEventListener("abort", cut));

  const { promise: opened, resolve, reject } = Promise.withResolvers<Duplex | IncomingMessage>();
  socket.once("open", () => resolve(tunnelStream(socket))); // at once: the yard may speak already
  socket.once("unexpected-response", (_request, response) => resolve(response));
  socket.on("error", reject);
  const answer = await opened;
  if (answer instanceof IncomingMessage) return refusal(answer, socket);
  cutWhenSilent(socket, silenceMs);
  return { kind: "open", stream: answer, ended };
}

function refusal(answer: IncomingMessage, socket: WebSocket): Dialled {
  answer.destroy();
  socket.terminate();
  const { statusCode: status, headers } = answer;
  if (status === 410 || headers[removedHeader] !== undefined) return { kind: "removed" };
  if (status === 401 || status === 403) return { kind: "refused" };
  throw new Error(`it answered ${status} in place of a tunnel`);
}

/** A network that is gone says nothing: a connection over it would stay open for minutes, and the host be away so long. */
function cutWhenSilent(socket: WebSocket, silenceMs: number): void {
  let heardAt = performance.now();
  socket.on("message", () => {
    heardAt = performance.now();
  });
  const timer = setInterval(() => {
    if (performance.now() - heardAt > silenceMs && !socket.isPaused) socket.terminate();
  }, watchMs);
  socket.once("close", () => clearInterval(timer));
}
