/** Metrics in Prometheus' text format: what prom-client knows of the process, what the domains register, and the HTTP requests. */
import { collectDefaultMetrics, Registry } from "prom-client";
import { createRouteMetrics, formatRoutes, type RouteLabels, type RouteMetrics } from "./http/route-metrics.ts";

export interface Metrics {
  /** Where domains register metrics of their own. */
  readonly registry: Registry;
  /** The counters of one route: the same ones for the same labels. */
  route(labels: RouteLabels): RouteMetrics;
  /** All of it, with its Content-Type. */
  text(): Promise<{ readonly text: string; readonly contentType: string }>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  // The loop's delay is sampled ten times a second, not a hundred times: an idle yard should stay idle.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const routes = new Map<string, RouteMetrics>();
  return {
    registry,
    route(labels) {
      const key = JSON.stringify([labels.api, labels.method, labels.route]);
      const known = routes.get(key);
      if (known) return known;
      const created = createRouteMetrics(labels);
      routes.set(key, created);
      return created;
    },
    text: async () => ({
      text: `${await registry.metrics()}\n${formatRoutes([...routes.values()])}`,
      contentType: registry.contentType,
    }),
  };
}
