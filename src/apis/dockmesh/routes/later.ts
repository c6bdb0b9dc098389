/** What this server does not carry out answers that, to those who would be allowed to ask it: a client then knows that nothing is wrong with its request. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { WireError } from "../errors.ts";
import { guardOf } from "../gates.ts";
import { laterAreas } from "../later-operations.ts";
import { basePath } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export const openLaterOperations = laterAreas.flatMap(({ operations }) =>
  operations.filter(([, , gate]) => gate === "open").map(([method, path]) => `${method} ${basePath}${path}`),
);

export function registerLaterRoutes(app: ApiInstance, { guards }: Pick<Toolbox, "guards">): void {
  for (const { what, operations } of laterAreas) {
    for (const [method, path, gate] of operations) {
      app.route({
        ...{ method, url: `${basePath}${path}` },
        ...guardOf(guards, gate),
        schema: { hide: true },
        config: { undocumented: "it is not carried out" },
        handler() {
          throw new WireError("unavailable", `${what}: this server does not do that.`, { status: 501 });
        },
      });
    }
  }
}
