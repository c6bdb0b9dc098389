/** The HTTP server: the root with all APIs behind any number of listeners, and one orderly close. */
import { YardError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Api, ApiInstance } from "./api.ts";
import type { Gateway } from "./gateway.ts";
import type { ListenSpec } from "./listen-spec.ts";
import { type Listener, openListener, type RequestHandler, type Upgrades } from "./listeners.ts";
import { createRequestSignals } from "./request-signal.ts";
import { buildRoot, type RegisteredRoute } from "./root.ts";
import type { TlsSource } from "./tls.ts";
import { asksForWebSocket, createWebSockets } from "./websockets.ts";

export interface HttpServerParts {
  /** The first one answers for paths that belong to none. */
  readonly apis: readonly [Api, ...Api[]];
  /** Those that answer on listeners of their own alone. */
  readonly apart?: readonly Api[];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tls?: TlsSource;
  /** Takes the requests that are for none of the APIs. */
  readonly gateway?: Gateway;
  /** Registers what is served to browsers besides the APIs, where all of them answer. */
  readonly pages?: (app: ApiInstance) => void;
  /** How long requests that are under way may still take when the server closes, in milliseconds. Default 30 s. */
  readonly shutdownGraceMs?: number;
  /** Addresses and networks of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  /** For tests: a reply that does not fit its schema becomes a 500 that says why. */
  readonly validateResponses?: boolean;
}

export interface ListenerRequest extends ListenSpec {
  /** Only these APIs answer there; everything else is the first one's not-found. */
  readonly apis?: readonly string[];
  /** In place of the server's. */
  readonly tls?: TlsSource;
}

export interface HttpServer extends AsyncDisposable {
  /** The root with all APIs, ready: for `inject`, and to look at its routes. */
  readonly fastify: ApiInstance;
  readonly routes: readonly RegisteredRoute[];
  readonly apis: readonly Api[];
  /** All of them or none. @throws {YardError} as {@link openListener}, and not_found for an API that there is not */
  listen(requests: readonly ListenerRequest[]): Promise<readonly Listener[]>;
}

const defaultShutdownGraceMs = 30_000;

export async function createHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const { apis, apart = [], log, gateway } = parts;
  const signals = createRequestSignals();
  const webSockets = createWebSockets();
  const whole = await buildRoot({ ...parts, signals, webSockets, explorer: true });
  const roots = new Map<string, ApiInstance>();
  const listeners: Listener[] = [];
  let closing = false;

  /** A root of its own for APIs that are served alone: so the others cost nothing there, and are not there. */
  async function rootOf(names: readonly string[] | undefined): Promise<ApiInstance> {
    const [first, ...others] = names ?? [];
    if (first === undefined) return whole.fastify;
    const key = [first, ...others].join(" ");
    const served: readonly [Api, ...Api[]] = [apiNamed(first), ...others.map(apiNamed)];
    const root =
      roots.get(key) ?? (await buildRoot({ ...parts, apis: served, signals, webSockets, explorer: false })).fastify;
    roots.set(key, root);
    return root;
  }

  function apiNamed(name: string): Api {
    const api = [...apis, ...apart].find((candidate) => candidate.name === name);
    if (!api) throw new YardError("not_found", `There is no API "${name}" to listen for.`);
    return api;
  }

  function handlerOf(root: ApiInstance, served: readonly string[] | undefined): RequestHandler {
    return (request, response) => {
      if (closing) response.shouldKeepAlive = false;
      const backend = gateway?.claim(request, served);
      if (backend) backend.request(request, response);
      else root.routing(request, response);
    };
  }

  const upgradesOf = (root: ApiInstance, served: readonly string[] | undefined): Upgrades => ({
    wants: (request) => gateway?.claim(request, served) !== undefined || asksForWebSocket(request),
    upgrade(request, socket, head) {
      const backend = gateway?.claim(request, served);
      if (backend) backend.upgrade(request, socket, head);
      else webSockets.route(root, request, socket, head);
    },
  });

  return {
    ...whole,
    apis,
    async listen(requests) {
      await using opened = new AsyncDisposableStack();
      const added: Listener[] = [];
      for (const { apis: served, tls = parts.tls, ...spec } of requests) {
        const root = await rootOf(served);
        const upgrades = upgradesOf(root, served);
        const listener = await openListener(spec, handlerOf(root, served), { upgrades, tls, log });
        opened.defer(() => listener.close({ graceMs: 0 }));
        added.push(listener);
      }
      opened.move(); // all of them are open: they stay
      listeners.push(...added);
      return added;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      signals.abortAll();
      gateway?.drain();
      webSockets.closeAll();
      await Promise.all(
        listeners
          .splice(0)
          .map((listener) => listener.close({ graceMs: parts.shutdownGraceMs ?? defaultShutdownGraceMs })),
      );
      await Promise.all([whole.fastify, ...roots.values()].map((root) => root.close()));
    },
  };
}
