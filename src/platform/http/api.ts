/** The seam between the HTTP base and the APIs on top of it: what an API is, and what it is handed. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RawServerDefault } from "fastify";
import type { YardError } from "../errors.ts";

/** The encapsulated Fastify instance that one API registers its routes on: its hooks, parsers and decorators stay its own. */
export type ApiInstance = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
export type ApiRequest = FastifyRequest;
export type ApiReply = FastifyReply;

/** A security scheme of an OpenAPI 3.1 document. */
export type SecurityScheme =
  | {
      readonly type: "http";
      readonly scheme: "basic" | "bearer";
      readonly bearerFormat?: string;
      readonly description?: string;
    }
  | {
      readonly type: "apiKey";
      readonly in: "header" | "cookie" | "query";
      readonly name: string;
      readonly description?: string;
    };

export interface Api {
  /** Lower case; names its document, `/openapi/<name>.json`, and its metrics. */
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Where its paths begin (`/appmesh`). Below them unknown paths and unreadable URLs get this API's answers. */
  readonly pathPrefixes: readonly string[];
  /** Where this API alone is served, its paths are known below this one too (`/api`). */
  readonly aliasPrefix?: string;
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  /** Registers every route with its whole path. It may be called once per listener scope, so it keeps no state of its own. */
  register(app: ApiInstance): void | Promise<void>;
  /** Answers an error in this API's status and shape. Whatever failed (a schema, the body, a rate limit, a bug) arrives as a
   *  `YardError`; a bug is logged already and says nothing of its inside. */
  sendError(error: YardError, request: ApiRequest, reply: ApiReply): unknown;
  /** Answers a path below `pathPrefixes` that no route matches. */
  notFound(request: ApiRequest, reply: ApiReply): unknown;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Why a route is left out of its API's document: without a reason here such a route fails the tests. */
    undocumented?: string;
  }
}
