/** Whether the server is there. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { WrennParts } from "../parts.ts";

const path = "/health";

/** Where several APIs are served another one has this path, with the same meaning. */
export function registerHealth(app: ApiInstance, { version }: Pick<WrennParts, "version">): void {
  if (app.hasRoute({ method: "GET", url: path })) return;
  app.get(
    path,
    {
      schema: { hide: true },
      config: { undocumented: "no operation of the document; where other APIs are served too it is theirs" },
    },
    () => ({ status: "ok", version }),
  );
}
