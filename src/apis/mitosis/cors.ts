/** Cross-origin requests: any page may ask, with a token of its own. There are no cookies here, and none are ever let through. */
import type { ApiInstance } from "../../platform/http/api.ts";

/** `*` does not stand for Authorization: the Fetch standard wants that named. */
const allowed = {
  "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "Authorization, *",
  "access-control-max-age": "86400",
};

export function allowCrossOrigin(app: ApiInstance, pathPrefixes: readonly string[]): void {
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers({ "access-control-allow-origin": "*", "access-control-expose-headers": "*" });
    done();
  });

  for (const prefix of pathPrefixes)
    for (const url of [prefix, `${prefix}/*`])
      app.options(
        url,
        {
          schema: { hide: true },
          config: { undocumented: "the browser's question before a request, the same on every path" },
        },
        (_request, reply) => reply.code(204).headers(allowed).send(),
      );
}
