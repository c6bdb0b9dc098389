/** The OpenAPI documents: one per API, made from the schemas of its routes, an index of them, and pages to read them on. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { Api, ApiInstance } from "./api.ts";
import { pageSecurityPolicy } from "./security-headers.ts";

export function documentPath(api: Api): string {
  return `/openapi/${api.name}.json`;
}

/** To be called on an API's instance before its routes are registered. Served once the server is ready. */
export async function documentApi(app: ApiInstance, api: Api): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: api.title,
        version: api.version,
        description: api.description,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      components: { securitySchemes: { ...api.securitySchemes } },
    },
    convertConstToEnum: false, // `const` is a word of OpenAPI 3.1
  });
  app.get(documentPath(api), { schema: { hide: true }, config: { undocumented: "the document itself" } }, () =>
    app.swagger(),
  );
}

/** `/openapi`, the list of the documents. */
export function serveDocumentIndex(app: ApiInstance, apis: readonly Api[]): void {
  const index = {
    documents: apis.map((api) => ({ name: api.name, title: api.title, version: api.version, url: documentPath(api) })),
  };
  app.get("/openapi", { schema: { hide: true }, config: { undocumented: "the index of the documents" } }, () => index);
}

/** `/docs`, the explorer: Swagger UI from our own files, with all documents to choose from. */
export async function serveExplorer(app: ApiInstance, apis: readonly Api[]): Promise<void> {
  await app.register(async (docs: ApiInstance) => {
    docs.addHook("onRoute", (route) => {
      route.config = { ...route.config, undocumented: "a page, or a part of one" };
    });
    docs.addHook("onRequest", (_request, reply, done) => {
      reply.header("content-security-policy", pageSecurityPolicy);
      done();
    });
    await docs.register(swagger, { openapi: { openapi: "3.1.0", info: { title: "Runyard", version: "1" } } }); // the explorer's plugin requires one
    await docs.register(swaggerUi, {
      routePrefix: "/docs",
      theme: { title: "Runyard APIs" },
      uiConfig: {
        urls: apis.map((api) => ({ url: documentPath(api), name: api.title })),
        validatorUrl: null,
        deepLinking: true,
      },
    });
  });
}
