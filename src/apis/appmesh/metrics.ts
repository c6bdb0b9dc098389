/** The metrics that App Mesh's dashboards look for, beside those of the yard. */
import { readdirSync } from "node:fs";
import { Counter, Gauge } from "prom-client";
import type { Apps } from "../../apps/apps.ts";
import type { ApiInstance } from "../../platform/http/api.ts";
import type { Metrics } from "../../platform/metrics.ts";
import { measureApps } from "./metrics-apps.ts";

/** The methods that are counted, as App Mesh counts them. */
const methods = ["GET", "PUT", "POST", "DELETE"] as const;

export interface AppMeshMetrics {
  /** Counts the requests of an API instance. */
  countRequests(app: ApiInstance): void;
  /** Counts a scrape. */
  scraped(): void;
}

export interface AppMeshMetricsParts {
  readonly metrics: Pick<Metrics, "registry" | "confidential">;
  /** This machine's name. */
  readonly host: string;
  readonly apps: Pick<Apps, "observed" | "usage">;
}

export function createAppMeshMetrics({ metrics, host, apps }: AppMeshMetricsParts): AppMeshMetrics {
  const labels = { host, pid: String(process.pid) };
  const labelNames = Object.keys(labels);
  const registers = [metrics.registry];
  measureApps({ registry: metrics.confidential, apps, labels });
  /** Requests by `address:port` that they came in at, then by method: plain numbers, read when somebody scrapes. */
  const requests = new Map<string, Map<string, number>>();

  const scrapes = new Counter({
    name: "appmesh_prom_scrape_count",
    help: "Scrapes of the App Mesh metrics",
    labelNames,
    registers,
  });
  new Gauge({ name: "appmesh_prom_scrape_up", help: "Whether metrics are served", labelNames, registers }).set(
    labels,
    1,
  );
  new Gauge({
    name: "appmesh_prom_file_descriptor",
    help: "Open files of the control plane",
    labelNames,
    registers,
    collect() {
      this.set(labels, openFiles());
    },
  });
  new Counter({
    name: "appmesh_http_request_count",
    help: "Requests of the App Mesh API",
    labelNames: [...labelNames, "method", "listen"],
    registers,
    collect() {
      this.reset();
      for (const [listen, counts] of requests)
        for (const [method, count] of counts) this.inc({ ...labels, method, listen }, count);
    },
  });
  scrapes.inc(labels, 0);

  return {
    scraped: () => scrapes.inc(labels),
    countRequests: (app) => {
      app.addHook("onRequest", (request, _reply, done) => {
        const { localAddress = "", localPort = 0 } = request.raw.socket;
        const listen = `${localAddress}:${localPort}`;
        const counts = requests.get(listen) ?? new Map<string, number>(methods.map((method) => [method, 0]));
        requests.set(listen, counts);
        const before = counts.get(request.method);
        if (before !== undefined) counts.set(request.method, before + 1);
        done();
      });
    },
  };
}

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0; // no procfs here
  }
}
