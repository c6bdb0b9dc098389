/** The Fastify root: what all APIs share, and each API as an encapsulated plugin of its own. */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyServerOptions, type RouteOptions } from "fastify";
import type { YardError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Api, ApiInstance, ApiReply, ApiRequest } from "./api.ts";
import { readJsonBodies } from "./bodies.ts";
import { documentApi, serveDocumentIndex, serveExplorer } from "./documents.ts";
import { toYardError } from "./errors.ts";
import { allowRateLimits } from "./rate-limit.ts";
import { createRequestIds } from "./request-id.ts";
import { RequestLines } from "./request-lines.ts";
import type { RequestSignals } from "./request-signal.ts";
import { checkResponses } from "./response-check.ts";
import { setCommonHeaders } from "./security-headers.ts";
import { compileSerializer } from "./serialization.ts";
import { compileValidator } from "./validation.ts";
import type { WebSockets } from "./websockets.ts";

export interface RootParts {
  /** The first one answers for paths that belong to none. */
  readonly apis: readonly [Api, ...Api[]];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly signals: RequestSignals;
  readonly webSockets: WebSockets;
  /** Addresses and networks of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  /** For tests: a reply that does not fit its schema becomes a 500 that says why. */
  readonly validateResponses?: boolean;
  /** With the pages and the index of all documents. */
  readonly explorer: boolean;
  /** Registers what is served to browsers besides; there with the explorer alone. */
  readonly pages?: (app: ApiInstance) => void;
}

export const defaultBodyLimitBytes = 1024 * 1024;
/** Names up to this length get the API's own answer. */
const maxParameterLength = 1_024;

export interface RegisteredRoute {
  readonly method: string;
  readonly url: string;
  /** Why it is in no document, if it is in none. */
  readonly undocumented?: string;
}

export interface Root {
  /** Ready to serve, bound to no address. */
  readonly fastify: ApiInstance;
  readonly routes: readonly RegisteredRoute[];
}

export async function buildRoot(parts: RootParts): Promise<Root> {
  const { apis, metrics } = parts;
  const [fallback] = apis;
  const root = fastify({
    ...serverOptions(parts),
    frameworkErrors: (error, request, reply) => {
      setCommonHeaders(request, reply, () => sendFailure(apiOf(apis, request.url) ?? fallback, error, request, reply));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  const routes = recordRoutes(root); // first, so that it misses none
  root.decorate("requestSignals", parts.signals);
  root.decorate("webSockets", parts.webSockets);
  root.setValidatorCompiler(compileValidator);
  root.setSerializerCompiler(compileSerializer);
  root.addHook("onRequest", setCommonHeaders);
  readJsonBodies(root);
  if (parts.validateResponses) checkResponses(root);
  await allowRateLimits(root);
  root.setErrorHandler((error, request, reply) => sendFailure(fallback, error, request, reply));
  root.setNotFoundHandler((request, reply) => fallback.notFound(request, reply));
  for (const api of apis) await root.register((app: ApiInstance) => mountApi(app, api, metrics));
  if (parts.explorer) {
    serveDocumentIndex(root, apis);
    await serveExplorer(root, apis);
    if (parts.pages) await root.register(async (app: ApiInstance) => parts.pages?.(app));
  }
  await root.ready();
  return { fastify: root, routes: routes() };
}

/** Remembers the routes as they are declared, and reads them once all hooks have had their say. */
function recordRoutes(root: ApiInstance): () => readonly RegisteredRoute[] {
  const declared: RouteOptions[] = [];
  root.addHook("onRoute", (route) => void declared.push(route));
  return () =>
    declared.flatMap(({ method, url, config }) =>
      [method].flat().map((each) => ({ method: each, url, undocumented: config?.undocumented })),
    );
}

function serverOptions({ log, trustedProxies, apis }: RootParts): FastifyServerOptions {
  const [{ aliasPrefix }] = apis;
  return {
    ...(apis.length === 1 &&
      aliasPrefix !== undefined && { rewriteUrl: ({ url = "/" }) => withoutPrefix(url, aliasPrefix) }),
    loggerInstance: log,
    childLoggerFactory: (parent) => parent, // see request-lines.ts
    logController: new RequestLines(),
    genReqId: createRequestIds(),
    bodyLimit: defaultBodyLimitBytes,
    routerOptions: { maxParamLength: maxParameterLength },
    return503OnClosing: false, // whoever got through before the door closed is served
    trustProxy: trustedProxies?.length ? [...trustedProxies] : false,
  };
}

function withoutPrefix(url: string, prefix: string): string {
  return url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url;
}

async function mountApi(app: ApiInstance, api: Api, metrics: Metrics): Promise<void> {
  app.setErrorHandler((error, request, reply) => sendFailure(api, error, request, reply));
  measureRoutes(app, api, metrics);
  await documentApi(app, api);
  await api.register(app);
  for (const prefix of api.pathPrefixes) {
    const unknown = metrics.route({ api: api.name, method: "ANY", route: `${prefix}/(unknown)` });
    await app.register(
      async (below: ApiInstance) => {
        below.addHook("onResponse", (_request, reply, done) => {
          unknown.observe(reply.statusCode, reply.elapsedTime);
          done();
        });
        below.setNotFoundHandler((request, reply) => api.notFound(request, reply));
      },
      { prefix },
    );
  }
}

/** One closure per route, made here: the counters need no look-up when a request ends. */
function measureRoutes(app: ApiInstance, api: Api, metrics: Metrics): void {
  app.addHook("onRoute", (route) => {
    const counters = metrics.route({ api: api.name, method: String(route.method), route: route.url });
    const observe = (_request: ApiRequest, reply: ApiReply, done: () => void): void => {
      counters.observe(reply.statusCode, reply.elapsedTime);
      done();
    };
    route.onResponse = [route.onResponse ?? [], observe].flat();
  });
}

function sendFailure(api: Api, error: unknown, request: ApiRequest, reply: ApiReply): unknown {
  const failure: YardError = toYardError(error, request);
  return api.sendError(failure, request, reply);
}

function apiOf(apis: readonly Api[], url: string): Api | undefined {
  const owns = (prefix: string) => url === prefix || url.startsWith(`${prefix}/`) || url.startsWith(`${prefix}?`);
  const owners = apis.flatMap((api) => api.pathPrefixes.filter(owns).map((prefix) => ({ api, prefix })));
  return owners.sort((a, b) => b.prefix.length - a.prefix.length)[0]?.api;
}
