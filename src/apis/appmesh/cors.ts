/** Cross-origin requests as App Mesh answers them: any page may ask, with a token of its own and without cookies. */
import type { ApiInstance } from "../../platform/http/api.ts";

const allowedHeaders = [
  "Authorization",
  "Content-Type",
  "Accept",
  "Origin",
  "Cache-Control",
  "DNT",
  "X-CSRF-Token",
  "X-Set-Cookie",
  "X-Expire-Seconds",
  "X-Audience",
  "X-Totp-Code",
  "X-Permission",
  "X-Target-Host",
  "X-File-Path",
  "X-File-Mode",
  "X-File-User",
  "X-File-Group",
].join(", ");
const exposedHeaders = "X-Exit-Code, X-Output-Position, X-File-Mode, X-File-User, X-File-Group, Content-Type";

export function allowCrossOrigin(app: ApiInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (origin !== undefined) {
      reply.headers({
        "access-control-allow-origin": origin,
        "access-control-expose-headers": exposedHeaders,
        vary: "Origin",
      });
    }
    done();
  });

  app.options(
    "/appmesh/*",
    {
      schema: { hide: true },
      config: { undocumented: "the browser's question before a request, the same on every path" },
    },
    (_request, reply) =>
      reply
        .code(204)
        .headers({
          "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS, HEAD",
          "access-control-allow-headers": allowedHeaders,
          "access-control-max-age": "86400",
        })
        .send(),
  );
}
