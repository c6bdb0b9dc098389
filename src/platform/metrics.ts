/** Metrics in Prometheus' text format: what prom-client knows of the process, what the domains register, and the HTTP requests. */
import { collectDefaultMetrics, Registry } from "prom-client";
import { createRouteMetrics, formatRoutes, type RouteLabels, type RouteMetrics } from "./http/route-metrics.ts";

export interface Metrics {
  /** Where domains register metrics of their own. */
  readonly registry: Registry;
  /** The same for what says what runs here: shown to those only who may know. */
  readonly confidential: Registry;
  /** The counters of one route: the same ones for the same labels. */
  route(labels: RouteLabels): RouteMetrics;
  /** All of it, with its Content-Type; for anybody without what is confidential. */
  text(reader?: "trusted" | "anybody"): Promise<{ readonly text: string; readonly contentType: string }>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const confidential = new Registry();
  // The loop's delay is sampled ten times a second, not a hundred times: an idle yard should stay idle.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const routes = new Map<string, RouteMetrics>();
  return {
    registry,
    confidential,
    route(labels) {
      const key = JSON.stringify([labels.api, labels.method, labels.route]);
      const known = routes.get(key);
      if (known) return known;
      const created = createRouteMetrics(labels);
      routes.set(key, created);
      return created;
    },
    async text(reader = "trusted") {
      const open = `${await registry.metrics()}\n${formatRoutes([...routes.values()])}`;
      const text = reader === "trusted" ? `${open}\n${await confidential.metrics()}` : open;
      return { text, contentType: registry.contentType };
    },
  };
}
