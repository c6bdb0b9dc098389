/** `/api/version`, and what is told to language models. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { llmsText } from "../llms-text.ts";
import type { McpV8Parts } from "../parts.ts";

export function registerMetaRoutes(app: ApiInstance, { version }: Pick<McpV8Parts, "version">): void {
  app.get(
    "/api/version",
    {
      schema: {
        operationId: "getVersion",
        summary: "The server's version",
        tags: ["meta"],
        security: [],
        response: { 200: Type.Object({ version: Type.String() }, { description: "The version" }) },
      },
    },
    () => ({ version }),
  );

  app.get(
    "/llms.txt",
    {
      schema: {
        operationId: "getGuide",
        summary: "How to use this API, for language models",
        tags: ["meta"],
        security: [],
        response: { 200: { description: "The guide", content: { "text/markdown": { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => reply.type("text/markdown; charset=utf-8").send(llmsText),
  );

  app.get(
    "/api-doc/openapi.json",
    { schema: { hide: true }, config: { undocumented: "the document itself, where mcp-v8's clients look for it" } },
    () => app.swagger(),
  );
}
