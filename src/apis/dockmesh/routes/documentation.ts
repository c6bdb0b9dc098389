/** The document of this API, at the paths where its clients look for it. */
import { Type } from "typebox";
import { stringify } from "yaml";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { basePath, open } from "../schemas.ts";

export const openDocumentationOperations = ["openapi.json", "openapi.yaml"].map((name) => `GET ${basePath}/${name}`);

const about = { tags: ["docs"], security: open };
const cachedFor = "public, max-age=300";

export function registerDocumentationRoutes(app: ApiInstance): void {
  const document = createDocument(app);

  app.get(
    `${basePath}/openapi.json`,
    {
      schema: {
        ...about,
        operationId: "docs.openapi_json",
        summary: "This API as an OpenAPI document",
        response: { 200: Type.Object({}, { additionalProperties: true }), ...errorReplies() },
      },
    },
    async (_request, reply) => reply.header("cache-control", cachedFor).send(document().json),
  );

  app.get(
    `${basePath}/openapi.yaml`,
    {
      schema: {
        ...about,
        operationId: "docs.openapi_yaml",
        summary: "The same as YAML",
        response: { 200: { content: { "application/yaml": { schema: Type.String() } } }, ...errorReplies() },
      },
    },
    async (_request, reply) => reply.header("cache-control", cachedFor).type("application/yaml").send(document().yaml),
  );
}

interface Document {
  readonly json: object;
  readonly yaml: string;
}

/** Made once, from the routes: relative to the base path, as generators expect. */
function createDocument(app: ApiInstance): () => Document {
  let made: Document | undefined;
  return () => {
    if (made) return made;
    const whole = app.swagger() as { readonly paths?: Readonly<Record<string, unknown>> };
    const paths = Object.entries(whole.paths ?? {}).map(([path, item]) => [path.replace(basePath, ""), item]);
    const json = { ...whole, servers: [{ url: basePath }], paths: Object.fromEntries(paths) };
    made = { json, yaml: stringify(json, { aliasDuplicateObjects: false }) };
    return made;
  };
}
