/** The setup wizard that clients look for: a yard is set up by its flags and its first start, so there is never one to finish. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies, WireError } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, open } from "../schemas.ts";

const status = `${basePath}/setup/status`;
const steps = [
  ["GET", "/setup/preflight"],
  ["GET", "/setup/server-info"],
  ["POST", "/setup/validate-data-dir"],
  ["POST", "/setup/validate-user"],
  ["POST", "/setup/test-url"],
  ["POST", "/setup/commit"],
  ["GET", "/setup/stream/:run_id"],
] as const;

export const openSetupOperations = [`GET ${status}`, ...steps.map(([method, path]) => `${method} ${basePath}${path}`)];

export function registerSetupRoutes(app: ApiInstance, { startedAt }: Pick<DockmeshParts, "startedAt">): void {
  const Time = Type.String({ format: "date-time" });
  const openedAndClosed = new Date(startedAt).toISOString();

  app.get(
    status,
    {
      schema: {
        operationId: "setup.status",
        summary: "Whether the server waits to be set up: it never does",
        ...{ tags: ["setup"], security: open },
        response: {
          200: Type.Object({
            active: Type.Boolean(),
            started_at: Time,
            expires_at: Time,
            expired: Type.Boolean(),
            window_secs: Type.Integer(),
          }),
          ...errorReplies(),
        },
      },
    },
    async () => ({
      ...{ active: false, expired: true, window_secs: 0 },
      ...{ started_at: openedAndClosed, expires_at: openedAndClosed },
    }),
  );

  for (const [method, path] of steps) {
    app.route({
      ...{ method, url: `${basePath}${path}` },
      schema: { hide: true },
      config: { undocumented: "there is nothing to set up" },
      handler() {
        throw new WireError("precondition", "The server is set up: sign in as its administrator.", { status: 410 });
      },
    });
  }
}
