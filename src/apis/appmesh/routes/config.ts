/** The server's configuration, as App Mesh's clients know it. */

import type { Trail } from "../../../identity/trail.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import type { AppMeshParts } from "../parts.ts";
import { errorReplies } from "../schemas.ts";
import { ConfigChange, ConfigDocument } from "../settings-schema.ts";

export function registerConfigRoutes(app: ApiInstance, { settings }: AppMeshParts, guard: Guard, trail: Trail): void {
  app.get(
    "/appmesh/config",
    {
      onRequest: guard("config-view"),
      schema: {
        summary: "The configuration; secrets are not shown",
        tags: ["Configuration"],
        security: [{ BearerAuth: [] }],
        response: { 200: ConfigDocument, ...errorReplies(400, 401) },
      },
    },
    () => settings.document(),
  );

  app.post(
    "/appmesh/config",
    {
      onRequest: guard("config-set"),
      schema: {
        summary: "Change some of the configuration; the whole of it comes back",
        description:
          "What is decided at the start of the server is refused with 412, unless it is given as it is. Values that act, act at once.",
        tags: ["Configuration"],
        security: [{ BearerAuth: [] }],
        body: ConfigChange,
        response: { 200: ConfigDocument, ...errorReplies(400, 401, 412, 429) },
      },
    },
    async (request) => {
      const changed = await settings.change(request.body);
      if (changed.length > 0) {
        const what = { action: "config.change", target: "appmesh", outcome: "done", details: { changed } } as const;
        await trail.record(request, principalOf(request), what);
      }
      return settings.document();
    },
  );
}
