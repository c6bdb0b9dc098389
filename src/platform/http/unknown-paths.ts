/** What no route answers: 405 where the path has others, 404 where it has none, before anybody is asked for a token. */
import type { ApiInstance, ApiReply, ApiRequest } from "./api.ts";

export interface UnknownPaths {
  /** To be called before the routes are registered, on each instance that gets them: they are the same on all. */
  watch(app: ApiInstance): void;
  answer(request: ApiRequest, reply: ApiReply): unknown;
}

/** @param bodyOf what an API says in words of its own */
export function createUnknownPaths(bodyOf: (text: string, reply: ApiReply) => unknown): UnknownPaths {
  const methodsByPath = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  function methodsOf(path: string): string[] {
    const routes = [...methodsByPath.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(routes.flatMap(({ methods }) => [...methods]))].sort();
  }

  return {
    watch(app) {
      app.addHook("onRoute", ({ url, method }) => {
        const known = methodsByPath.get(url) ?? { pattern: patternOf(url), methods: new Set() };
        // The answer to OPTIONS is on every path, also on those that are none.
        for (const each of [method].flat()) if (each !== "OPTIONS") known.methods.add(each);
        if (known.methods.size > 0) methodsByPath.set(url, known);
      });
    },

    answer(request, reply) {
      const path = request.url.split("?", 1)[0]!;
      const methods = methodsOf(path);
      const isKnown = methods.length > 0;
      if (isKnown) reply.header("allow", methods.join(", "));
      reply.code(isKnown ? 405 : 404);
      return reply.send(bodyOf(isKnown ? `${path} does not know ${request.method}.` : `There is no ${path}.`, reply));
    },
  };
}

/** Of a route's path: `/users/:username/password`, `/groups/:group_name/attachments/*`. */
function patternOf(url: string): RegExp {
  const steps = url.split("/").map((step) => {
    if (step.startsWith(":")) return "[^/]+";
    return step === "*" ? ".*" : RegExp.escape(step);
  });
  return new RegExp(`^${steps.join("/")}$`);
}
