/** What tests of APIs share. */
import assert from "node:assert/strict";
import { formatParamUrl } from "@fastify/swagger";
import { documentPath } from "./documents.ts";
import type { HttpServer } from "./server.ts";

/** Fails unless the documents of all APIs hold exactly the routes that are registered, each in one document. Routes that say in their
 *  `config.undocumented` why they are left out may not be in any. */
export async function assertRoutesDocumented(server: HttpServer): Promise<void> {
  const documented = await documentedOperations(server);
  const { expected, exempt } = registeredOperations(server);
  const faults = [
    ...expected
      .filter((operation) => !documented.includes(operation))
      .map((operation) => `${operation} is registered, but in no document`),
    ...documented
      .filter((operation) => !expected.includes(operation))
      .map((operation) => `${operation} is documented, but not registered`),
    ...documented
      .filter((operation, i) => documented.indexOf(operation) !== i)
      .map((operation) => `${operation} is in two documents`),
    ...exempt
      .filter((operation) => documented.includes(operation))
      .map((operation) => `${operation} is documented, but declared as left out`),
  ];
  assert.deepEqual(faults, []);
}

async function documentedOperations({ apis, fastify }: HttpServer): Promise<string[]> {
  const operations = await Promise.all(
    apis.map(async (api) => {
      const response = await fastify.inject(documentPath(api));
      const document: { paths: Record<string, Record<string, unknown>> } = response.json();
      return Object.entries(document.paths).flatMap(([path, item]) =>
        Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
      );
    }),
  );
  return operations.flat();
}

/** Fastify adds a HEAD to every GET by itself: those are part of the GET. */
function registeredOperations({ routes }: HttpServer): { expected: string[]; exempt: string[] } {
  const gets = new Set(routes.filter(({ method }) => method === "GET").map(({ url }) => url));
  const own = routes.filter(({ method, url }) => !(method === "HEAD" && gets.has(url)));
  const name = ({ method, url }: { method: string; url: string }) => `${method} ${formatParamUrl(url)}`;
  return {
    expected: own.filter((route) => route.undocumented === undefined).map(name),
    exempt: own.filter((route) => route.undocumented !== undefined).map(name),
  };
}
