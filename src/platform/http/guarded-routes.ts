/** Keeps a route from being registered without a decision about who may use it. */
import type { ApiInstance } from "./api.ts";

/** @param open the operations that need no guard, as `GET /health` @throws at once, when a route has neither */
export function requireGuards(app: ApiInstance, open: readonly string[]): void {
  app.addHook("onRoute", (route) => {
    const methods = [route.method].flat().filter((method) => method !== "HEAD");
    for (const method of methods) {
      if (!route.onRequest && !open.includes(`${method} ${route.url}`))
        throw new Error(`${method} ${route.url} has no guard`);
    }
  });
}
