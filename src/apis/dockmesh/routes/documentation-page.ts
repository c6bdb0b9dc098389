/** The document of this API as a page to read and try it on: Swagger UI from our own files, so that it works without the internet. */
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiReply } from "../../../platform/http/api.ts";
import { pageSecurityPolicy } from "../../../platform/http/security-headers.ts";
import { errorReplies } from "../errors.ts";
import { basePath, open } from "../schemas.ts";

const path = `${basePath}/docs`;
const partPath = `${path}/:part`;

export const openPageOperations: readonly string[] = [`GET ${path}`, `GET ${partPath}`];

const files = join(dirname(createRequire(import.meta.url).resolve("@fastify/swagger-ui")), "static");
const types = { css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8" } as const;
/** What the page consists of; nothing else is read from the disk. */
const parts: Readonly<Record<string, keyof typeof types>> = {
  "swagger-ui.css": "css",
  "swagger-ui-bundle.js": "js",
};

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Dockmesh API</title>
    <link rel="stylesheet" href="${path}/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${path}/swagger-ui-bundle.js"></script>
    <script src="${path}/begin.js"></script>
  </body>
</html>
`;

const begin = `SwaggerUIBundle({
  url: "${basePath}/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

export function registerDocumentationPage(app: ApiInstance): void {
  app.get(
    path,
    {
      schema: {
        operationId: "docs.swagger_ui",
        summary: "This API as a page, to read and to try",
        tags: ["docs"],
        security: open,
        response: { 200: { content: { "text/html": { schema: Type.String() } } }, ...errorReplies() },
      },
    },
    async (_request, reply) => asPage(reply).type("text/html; charset=utf-8").send(page),
  );

  app.get(
    partPath,
    {
      schema: { hide: true, params: Type.Object({ part: Type.String() }) },
      config: { undocumented: "a part of the page" },
    },
    async ({ params: { part } }, reply) => {
      if (part === "begin.js") return asPage(reply).type(types.js).send(begin);
      const type = Object.hasOwn(parts, part) ? parts[part] : undefined;
      if (!type) throw new YardError("not_found", `There is no ${path}/${part}.`);
      return asPage(reply)
        .type(types[type])
        .send(createReadStream(join(files, part)));
    },
  );
}

function asPage(reply: ApiReply): ApiReply {
  return reply.header("content-security-policy", pageSecurityPolicy);
}
