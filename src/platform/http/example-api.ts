/** A small API for the tests of this folder. */
import { type Static, Type } from "typebox";
import type { YardError, YardErrorCode } from "../errors.ts";
import { createLog } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import type { Api, ApiInstance } from "./api.ts";
import { createHttpServer, type HttpServer, type HttpServerParts } from "./server.ts";

const statusOf: Partial<Record<YardErrorCode, number>> = {
  not_found: 404,
  too_large: 413,
  too_many: 429,
  timeout: 408,
  internal: 500,
};
export const Failure = Type.Object({
  code: Type.String(),
  message: Type.String(),
  field: Type.Optional(Type.String()),
});
export type Failure = Static<typeof Failure>;

export function exampleApi(name: string, register: (app: ApiInstance) => void, overrides: Partial<Api> = {}): Api {
  return {
    name,
    title: `The ${name} API`,
    version: "1.2.3",
    description: "For tests.",
    pathPrefixes: [`/${name}`],
    register,
    sendError: (error: YardError, _request, reply) =>
      reply
        .code(statusOf[error.code] ?? 400)
        .send({ api: name, code: error.code, message: error.message, field: error.field }),
    notFound: (request, reply) => reply.code(404).send({ api: name, code: "not_found", message: request.url }),
    ...overrides,
  };
}

export interface ExampleServer extends HttpServer {
  /** Every line that was logged. */
  readonly lines: readonly string[];
}

export async function exampleServer(
  parts: Pick<HttpServerParts, "apis"> & Partial<HttpServerParts>,
): Promise<ExampleServer> {
  const lines: string[] = [];
  const log = createLog({ level: "debug", destination: { write: (line) => void lines.push(line) } });
  return { ...(await createHttpServer({ log, metrics: createMetrics(), ...parts })), lines };
}
