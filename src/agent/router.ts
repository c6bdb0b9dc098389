/** Which handler serves a path. */
import type { Request } from "./http.ts";

export type Handler = (request: Request) => Promise<void> | void;
/** `METHOD /path/with/{names}` → handler. */
export type Routes = Readonly<Record<string, Handler>>;

export interface Match {
  readonly handler: Handler;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** `path` without its query. @returns undefined if there is none */
  match(method: string, path: string): Match | undefined;
}

interface Route {
  readonly segments: readonly string[];
  readonly handler: Handler;
}

export function createRouter(routes: Routes): Router {
  const byShape = new Map<string, Route[]>(); // method and number of segments: few are left to compare
  for (const [pattern, handler] of Object.entries(routes)) {
    const [method = "", path = ""] = pattern.split(" ");
    const segments = path.split("/");
    const shape = `${method} ${segments.length}`;
    byShape.set(shape, [...(byShape.get(shape) ?? []), { segments, handler }]);
  }
  return {
    match(method, path) {
      const segments = path.split("/");
      for (const route of byShape.get(`${method} ${segments.length}`) ?? []) {
        const params = paramsOf(route.segments, segments);
        if (params) return { handler: route.handler, params };
      }
      return undefined;
    },
  };
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (part.startsWith("{")) {
      const value = decode(segment);
      if (value === undefined || value === "") return undefined;
      params[part.slice(1, -1)] = value;
    } else if (part !== segment) return undefined;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined; // a stray %
  }
}
